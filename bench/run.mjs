// Runs the bench under tsx. `npm run bench` comes here after installing, building and installing the peers.
import { join } from "node:path";
import { runForeground } from "../server/launch/server-process.mjs";
import { root } from "../server/launch/step.mjs";

runForeground(["--import", "tsx", join(root, "bench/main.ts"), ...process.argv.slice(2)]);
