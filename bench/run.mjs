// `npm run bench [-- rows…] [--quick]`: prepares Millrace as `npm start` does, installs the peers when they are missing,
// then hands over to main.ts. Plain JavaScript, because it runs before anything is installed.
import { join } from "node:path";
import { build, generate, install } from "../server/launch/prepare.mjs";
import { runForeground } from "../server/launch/server-process.mjs";
import { onceFor, root, run, say } from "../server/launch/step.mjs";

await install();
await generate();
await build();
await onceFor("bench", ["bench/package-lock.json"], ["bench/node_modules/pg-copy-streams"], async () => {
  say("Installing the peers");
  await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: join(root, "bench"),
  });
});
runForeground(["--import", "tsx", join(root, "bench/main.ts"), ...process.argv.slice(2)]);
