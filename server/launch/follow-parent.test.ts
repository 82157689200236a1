import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterEach, expect, it } from "vitest";

const children: ChildProcess[] = [];
const pids: number[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const pid of pids.splice(0)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has stopped, as it should.
    }
  }
});

/** A shell that runs the process and waits for it, as npm's does. Returns what the process says, line by line. */
async function startInShell(environment: Record<string, string>) {
  const script = 'node server/launch/testing/followed-parent.mjs & wait "$!"';
  const shell = spawn("sh", ["-c", script], {
    env: { PATH: process.env.PATH, NODE_ENV: "test", ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(shell);
  const lines = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
  const pid = Number((await lines.next()).value);
  pids.push(pid);
  return { shell, pid, next: async () => (await lines.next()).value };
}

it("under npm, a process whose shell has gone stops as by SIGTERM", async () => {
  const { shell, next } = await startInShell({ npm_lifecycle_event: "start" });
  shell.kill("SIGTERM");
  expect(await next()).toBe("stopping");
});

it("started in the background by hand, it outlives its shell, and still stops when told to", async () => {
  const { shell, pid, next } = await startInShell({});
  const gone = new Promise((resolve) => shell.once("exit", resolve));
  shell.kill("SIGTERM");
  await gone;
  process.kill(pid, "SIGTERM");
  expect(await next()).toBe("stopping");
});
