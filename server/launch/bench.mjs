import { existsSync } from "node:fs";
import { join } from "node:path";
import { build, generate, install, prepare } from "./prepare.mjs";
import { root, run, say } from "./step.mjs";

await prepare(install, generate, build);
if (!existsSync(join(root, "bench/node_modules"))) {
  say("Installing the peers (once)");
  await run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: join(root, "bench") });
}
await run(process.execPath, ["bench/run.mjs", ...process.argv.slice(2)]);
