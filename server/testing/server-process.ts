import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../embedded/free-port.ts";

export interface ServerProcess {
  readonly url: string;
  readonly apiKey: string;
  readonly child: ChildProcess;
  /** As the machine's out-of-memory killer would. */
  kill(): Promise<void>;
  /** As Ctrl-C would. */
  stop(): Promise<void>;
}

export interface ServerVariables {
  readonly DATABASE_URL?: string;
  readonly DATABASE_CONNECTIONS?: string;
  readonly DATA_DIR?: string;
  readonly PORT?: number;
  readonly NODE_OPTIONS?: string;
  /** Of the loader: another clock. */
  readonly LD_PRELOAD?: string;
  readonly FAKETIME?: string;
  readonly FAKETIME_DONT_FAKE_MONOTONIC?: string;
}

const API_KEY = "a-key-for-tests-0123456789";
const START_MS = 60_000;

/**
 * A real server in a process of its own, without pages. The port stays the same across restarts when given. `program` is
 * what Node runs; a bundle starts faster.
 */
export async function startServerProcess(
  environment: ServerVariables,
  program: readonly string[] = ["--import", "tsx", "server/main.ts"],
): Promise<ServerProcess> {
  const port = environment.PORT ?? (await freePort(0));
  const child = spawn(process.execPath, [...program, "--no-pages"], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: "test",
      ...environment,
      PORT: String(port),
      MILLRACE_API_KEY: API_KEY,
      LOG_LEVEL: "error",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4_000);
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + START_MS; !(await isReady(url)); await delay(50)) {
    if (child.exitCode !== null || Date.now() > until) {
      await end("SIGKILL");
      throw new Error(`the server did not start: ${said}`);
    }
  }
  return { url, apiKey: API_KEY, child, kill: () => end("SIGKILL"), stop: () => end("SIGINT") };
}

export async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
