import { spawn } from "node:child_process";
import { root } from "./step.mjs";

const ECHO_MS = 1_000;

/**
 * Runs a process as long as we run: a signal to us is passed on, and we end when it has, with its code. It has a
 * process group of its own, because Ctrl-C reaches us twice, from the terminal and through npm, and to a watcher the
 * second one means to kill.
 */
export function runForeground(args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { NEXT_TELEMETRY_DISABLED: "1", ...process.env, ...env },
    detached: true,
  });
  let lastAt = 0;
  const passOn = (signal) => {
    const now = Date.now();
    if (now - lastAt > ECHO_MS) child.kill(signal);
    lastAt = now;
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => passOn(signal));
  child.once("exit", (code) => process.exit(code ?? 1));
}
