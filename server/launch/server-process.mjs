import { spawn } from "node:child_process";
import { root } from "./step.mjs";

/**
 * Runs a process as long as we run: a signal to us is passed on, and we end when it has, with its code. In a terminal
 * Ctrl-C reaches the child by itself, being of the same group, so SIGINT is then only waited out.
 */
export function runForeground(args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: "inherit",
    env: { NEXT_TELEMETRY_DISABLED: "1", ...process.env, ...env },
  });
  process.on("SIGINT", () => {
    if (!process.stdin.isTTY) child.kill("SIGINT");
  });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.once("exit", (code) => process.exit(code ?? 1));
  return child;
}
