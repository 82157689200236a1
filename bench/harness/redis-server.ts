import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "./cluster.ts";

const START_MS = 5_000;

/** A Redis of the run's own, durable by its append-only file. */
export interface RedisServer {
  readonly port: number;
  readonly version: string;
  stop(): Promise<void>;
}

/** Null when the machine has no `redis-server`. */
export async function startRedis(directory: string): Promise<RedisServer | null> {
  let version: string;
  try {
    version = /v=(\S+)/.exec(execFileSync("redis-server", ["--version"], { encoding: "utf8" }))?.[1] ?? "?";
  } catch {
    return null;
  }
  const port = await freePort();
  const place = join(directory, `redis-${port}`);
  await mkdir(place, { recursive: true });
  const server = spawn(
    "redis-server",
    ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", place, "--appendonly", "yes", "--save", ""],
    { stdio: "ignore" },
  );
  await answering(port, server);
  return {
    port,
    version,
    async stop() {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await ended;
      await rm(place, { recursive: true, force: true });
    },
  };
}

async function answering(port: number, server: ChildProcess): Promise<void> {
  const startedAt = Date.now();
  while (Date.now() - startedAt < START_MS) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (isOpen) return;
    await delay(50);
  }
  server.kill("SIGKILL");
  throw new Error("redis-server did not start");
}
