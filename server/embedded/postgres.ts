import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { nativeDirectory } from "./binaries.ts";
import {
  childEnvironment,
  ensureCluster,
  freePort,
  isAlive,
  readSecrets,
  runningPostmaster,
  writeSecrets,
} from "./cluster-files.ts";
import { type Location, locate } from "./location.ts";
import { accountForPostgres } from "./run-as.ts";

export interface EmbeddedOptions {
  readonly dataDir: string;
  readonly onLog: (line: string) => void;
  /** Further `name=value` settings, for tests and benchmarks. */
  readonly settings?: readonly string[];
}

export interface EmbeddedPostgres {
  /** Of the database `millrace`. */
  readonly url: string;
  readonly pid: () => number | null;
  /** Ends every session, then the cluster; bounded. */
  stop(): Promise<void>;
}

const START_MS = 30_000;
const STOP_MS = 8_000;
const RESTART_MS = [200, 500, 1_000, 2_000, 5_000];
const SETTINGS = [
  "listen_addresses=127.0.0.1",
  "unix_socket_directories=",
  "max_connections=100",
  "shared_buffers=256MB",
  "max_wal_size=2GB",
  "jit=off",
  "log_min_messages=warning",
  "timezone=UTC",
];

/**
 * Starts the PostgreSQL that npm brought along and keeps it running: one that a crash left behind is adopted, a stale
 * pid file is removed, and when the postmaster dies under us it is started again.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const account = accountForPostgres();
  const secrets = await readSecrets(options.dataDir);
  const place = await locate(nativeDirectory(), options.dataDir, account);
  await ensureCluster(place, account, secrets.password);

  const adopted = await adopt(place, secrets.password);
  const port = adopted?.port ?? (await freePort(secrets.port));
  await writeSecrets(options.dataDir, { ...secrets, port });
  const url = (database: string) => `postgresql://millrace:${secrets.password}@127.0.0.1:${port}/${database}`;

  let isStopping = false;
  let child: ChildProcess | null = null;
  let pid: number | null = adopted?.pid ?? null;

  async function launch(): Promise<void> {
    await clearStalePidFile(place);
    const flags = [...SETTINGS, ...(options.settings ?? [])].flatMap((setting) => ["-c", setting]);
    const started = spawn(join(place.native, "bin", "postgres"), ["-D", place.cluster, "-p", String(port), ...flags], {
      ...account,
      env: childEnvironment(),
      stdio: ["ignore", "ignore", "pipe"],
      // Its own process group: a Ctrl-C in the terminal must reach us alone, or it would stop before we have drained.
      detached: true,
    });
    child = started;
    pid = started.pid ?? null;
    let said = "";
    started.stderr.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-2_000);
      for (const line of text.split("\n")) if (line.trim() !== "") options.onLog(line);
    });
    const exited = new Promise<never>((_, reject) => {
      started.once("error", reject);
      started.once("exit", (code) => reject(new Error(`PostgreSQL ended at its start (code ${code}). ${said}`)));
    });
    exited.catch(() => undefined);
    await Promise.race([untilReady(url("postgres")), exited]);
    started.once("exit", () => void revive());
  }

  async function revive(): Promise<void> {
    for (let attempt = 0; !isStopping; attempt += 1) {
      const pauseMs = RESTART_MS[Math.min(attempt, RESTART_MS.length - 1)] ?? 0;
      options.onLog(`PostgreSQL is gone; starting it again in ${pauseMs} ms`);
      await delay(pauseMs);
      if (isStopping) return;
      try {
        await launch();
        return;
      } catch (error) {
        // Orphans of the dead postmaster hold its shared memory until they notice; the next attempt finds them gone.
        options.onLog(`PostgreSQL did not start: ${(error as Error).message}`);
      }
    }
  }

  /** An adopted postmaster is not our child, so its end is seen by asking. */
  async function watchAdopted(adoptedPid: number): Promise<void> {
    while (!isStopping && isAlive(adoptedPid)) await delay(500, undefined, { ref: false });
    if (!isStopping) await revive();
  }

  if (adopted === null) await launch();
  else void watchAdopted(adopted.pid);
  await ensureDatabase(url("postgres"));

  return {
    url: url("millrace"),
    pid: () => pid,
    async stop() {
      isStopping = true;
      if (pid === null || !isAlive(pid)) return;
      const ending = pid;
      // SIGINT = fast shutdown: sessions are ended and what is committed is flushed; SIGQUIT recovers at the next start.
      signal(ending, "SIGINT");
      const isGone = async () => {
        const until = Date.now() + STOP_MS;
        while (isRunning(child, ending) && Date.now() < until) await delay(20);
        return !isRunning(child, ending);
      };
      if (await isGone()) return;
      signal(ending, "SIGQUIT");
      await isGone();
    },
  };
}

function isRunning(child: ChildProcess | null, pid: number): boolean {
  if (child !== null && child.pid === pid) return child.exitCode === null && child.signalCode === null;
  return isAlive(pid);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself in between.
  }
}

async function adopt(place: Location, password: string): Promise<{ pid: number; port: number } | null> {
  const running = await runningPostmaster(place);
  if (running === null) return null;
  try {
    await untilReady(`postgresql://millrace:${password}@127.0.0.1:${running.port}/postgres`, 3_000);
    return running;
  } catch {
    // The pid belongs to somebody else now, or it is on its way down.
    return null;
  }
}

async function clearStalePidFile(place: Location): Promise<void> {
  // PostgreSQL checks the pid itself, but takes a recycled pid of another process of the same account for a live one.
  const running = await runningPostmaster(place);
  if (running === null) await rm(join(place.cluster, "postmaster.pid"), { force: true });
}

async function untilReady(url: string, timeoutMs = START_MS): Promise<void> {
  for (const until = Date.now() + timeoutMs; ; ) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      await client.query("SELECT 1");
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await delay(30);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = 'millrace'");
    if (found.rowCount === 0) await client.query("CREATE DATABASE millrace");
  } finally {
    await client.end();
  }
}
