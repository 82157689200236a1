// `npm run bench [-- rows…] [--quick]`: installs the peers when they are missing, builds Millrace when it is not built,
// then hands over to main.ts. Plain JavaScript, because it runs before anything can be counted on.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

function run(command, args, cwd) {
  const { status, error } = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(join(root, "node_modules", "tsx"))) run("npm", ["ci", "--ignore-scripts"], root);
if (!existsSync(join(here, "node_modules", "pg-copy-streams"))) run("npm", ["ci", "--ignore-scripts"], here);
run(process.execPath, ["--import", "tsx", join(here, "main.ts"), ...process.argv.slice(2)], root);
