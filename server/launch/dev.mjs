import { followParent } from "./follow-parent.mjs";
import { generate, install, prepare } from "./prepare.mjs";
import { runForeground } from "./server-process.mjs";
import { bin } from "./step.mjs";

followParent();
await prepare(install, generate);
runForeground([bin("tsx"), "watch", "--clear-screen=false", "--include", "server/**/*.ts", "server/main.ts", "--dev"], {
  NODE_ENV: "development",
});
