import { execFileSync } from "node:child_process";
import { chown, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { nativeDirectory } from "../../embedded/binaries.ts";
import { ensureCluster } from "../../embedded/create-cluster.ts";
import { freePort } from "../../embedded/free-port.ts";
import { locate } from "../../embedded/location.ts";
import { launch, type RunningPostmaster, stopPostmaster } from "../../embedded/postmaster.ts";
import { accountForPostgres } from "../../embedded/run-as.ts";

/** A PostgreSQL of a test's own, which nobody starts again but the test. */
export interface OwnCluster {
  /** Of an empty database that the server may own. */
  readonly url: string;
  readonly directory: string;
  readonly pid: () => number;
  /** The postmaster and all its backends at once: nobody writes anything any more. */
  killAll(): Promise<void>;
  /** As `pg_ctl stop -m fast` or `-m immediate`. */
  stop(mode: "fast" | "immediate"): Promise<void>;
  start(): Promise<void>;
  /** One statement, as the superuser. */
  query(text: string): Promise<pg.QueryResult>;
}

const PASSWORD = "of-no-secret";

export async function ownCluster(
  parent: string,
  { settings = [], clusterParent }: { readonly settings?: readonly string[]; readonly clusterParent?: string } = {},
): Promise<OwnCluster> {
  const account = accountForPostgres();
  const dataDir = clusterParent ?? join(parent, "database");
  await mkdir(dataDir, { recursive: true, mode: 0o755 });
  const found = await locate(
    { native: await nativeDirectory(), dataDir, secrets: { password: PASSWORD, port: 0 } },
    account,
  );
  const place = { native: found.native, cluster: join(dataDir, "postgres") };
  if (account !== null) await chown(dataDir, account.uid, account.gid);
  await ensureCluster({ place, account, password: PASSWORD });
  const port = await freePort(0);
  const url = (database: string) => `postgresql://millrace:${PASSWORD}@127.0.0.1:${port}/${database}`;
  let postmaster: RunningPostmaster | null = null;

  async function query(text: string, database = "millrace"): Promise<pg.QueryResult> {
    const client = new pg.Client({ connectionString: url(database), connectionTimeoutMillis: 5_000 });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return await client.query(text);
    } finally {
      await client.end();
    }
  }

  async function start(): Promise<void> {
    // Orphans of a killed postmaster take a moment to go.
    for (const until = Date.now() + 30_000; ; await delay(50)) {
      try {
        postmaster = await launch({ place, account, port, settings, onLog: () => undefined }, url("postgres"));
        return;
      } catch (error) {
        if (Date.now() > until) throw error;
      }
    }
  }

  await start();
  await query("CREATE DATABASE millrace", "postgres");
  return {
    url: url("millrace"),
    directory: place.cluster,
    pid: () => postmaster?.pid ?? 0,
    async killAll() {
      if (postmaster === null) return;
      const { pid, ended } = postmaster;
      for (const each of [pid, ...childrenOf(pid)]) {
        try {
          process.kill(each, "SIGKILL");
        } catch {
          // It has ended by itself.
        }
      }
      await ended;
      postmaster = null;
    },
    async stop(mode) {
      if (postmaster === null) return;
      if (mode === "immediate") process.kill(postmaster.pid, "SIGQUIT");
      await stopPostmaster(postmaster, 20_000);
      postmaster = null;
    },
    start,
    query: (text) => query(text),
  };
}

export function childrenOf(pid: number): number[] {
  const text = execFileSync("ps", ["-o", "pid=,ppid=", "-e"], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const [child, parent] = line.trim().split(/\s+/).map(Number);
    return parent === pid && child !== undefined ? [child] : [];
  });
}
