import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { childEnvironment } from "./create-cluster.ts";
import type { Location } from "./location.ts";
import { disownPidFile, isAlive } from "./pid-file.ts";
import type { Account } from "./run-as.ts";

const SETTINGS = [
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "max_connections=100",
  "shared_buffers=256MB",
  "max_wal_size=2GB",
  "jit=off",
  "log_min_messages=fatal",
  "timezone=UTC",
];

export interface LaunchOptions {
  readonly place: Location;
  readonly account: Account | null;
  readonly port: number;
  readonly settings: readonly string[];
  readonly onLog: (line: string) => void;
}

/** A postmaster, ours or found running. */
export interface RunningPostmaster {
  readonly pid: number;
  /** Settles when the process is gone; never rejects. */
  readonly ended: Promise<void>;
}

/** Why PostgreSQL did not start, in its own words. */
export class LaunchError extends Error {
  override readonly name = "LaunchError";
}

/** Starts the postmaster; settles when it accepts connections, or throws `LaunchError`. Recovery may take its time. */
export async function launch(options: LaunchOptions, url: string): Promise<RunningPostmaster> {
  const { place, account, port } = options;
  await disownPidFile(place.cluster);
  const flags = [...SETTINGS, ...options.settings].flatMap((setting) => ["-c", setting]);
  const child = spawn(join(place.native, "bin", "postgres"), ["-D", place.cluster, "-p", String(port), ...flags], {
    ...account,
    cwd: "/",
    env: childEnvironment(),
    stdio: ["ignore", "ignore", "pipe"],
    // A process group of its own: a Ctrl-C in the terminal would stop PostgreSQL before the server has drained.
    detached: true,
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-2_000);
    for (const line of text.split("\n")) if (line.trim() !== "") options.onLog(line);
  });
  const ended = endOf(child);
  const aborter = new AbortController();
  const failed = ended.then((reason) => {
    throw new LaunchError(`PostgreSQL ended at its start (${reason}). ${said.trim()}`);
  });
  try {
    await Promise.race([untilReady(url, aborter.signal), failed]);
  } finally {
    aborter.abort();
    failed.catch(() => undefined);
  }
  return { pid: child.pid ?? 0, ended: ended.then(() => undefined) };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    // `close` and not `exit`: by then its last words have been read.
    child.once("close", (code, signal) => resolve(signal ?? `code ${code}`));
  });
}

/** A postmaster that is not our child: its end is seen by asking. */
export function watch(pid: number): RunningPostmaster {
  const ended = (async () => {
    while (isAlive(pid)) await delay(250, undefined, { ref: false });
  })();
  return { pid, ended };
}

/** Ends it within `timeoutMs`: sessions are ended and all is flushed, or, when that takes too long, recovered next time. */
export async function stopPostmaster({ pid, ended }: RunningPostmaster, timeoutMs: number): Promise<void> {
  // SIGINT is the fast shutdown, SIGQUIT the immediate one.
  for (const name of ["SIGINT", "SIGQUIT"] as const) {
    try {
      process.kill(pid, name);
    } catch {
      return;
    }
    const aborter = new AbortController();
    const overdue = delay(timeoutMs / 2, "overdue", { signal: aborter.signal }).catch(() => "ended");
    const outcome = await Promise.race([ended, overdue]);
    aborter.abort();
    if (outcome !== "overdue") return;
  }
}

/** Waits until a session can be opened; asks again for as long as it is not refused for good. */
export async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  while (!(await answers(url))) await delay(25, undefined, { signal });
}

/** Whether a session can be opened now; throws when the password is refused. */
export async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === "28P01") throw error;
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
