import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { StartupError } from "../startup-error.ts";
import { nativeDirectory } from "./binaries.ts";
import { readSecrets, writeSecrets } from "./cluster-secrets.ts";
import { ensureCluster } from "./create-cluster.ts";
import { freePort } from "./free-port.ts";
import { locate } from "./location.ts";
import { type Ownership, takeOwnership } from "./ownership.ts";
import { runningPostmaster } from "./pid-file.ts";
import { answers, LaunchError, launch, type RunningPostmaster, stopPostmaster, watch } from "./postmaster.ts";
import { accountForPostgres } from "./run-as.ts";

export interface EmbeddedOptions {
  /** Absolute. Holds the cluster, or, where it cannot, a note that says where it is. */
  readonly dataDir: string;
  readonly onLog: (line: string) => void;
  /** Further `name=value` settings, for tests and benchmarks. */
  readonly settings?: readonly string[];
}

export interface EmbeddedPostgres {
  /** Of the database `millrace`, as its owner, who may do everything: for migrations. */
  readonly url: string;
  /** The same for serving: a role that owns nothing and may do what it is granted. */
  readonly applicationUrl: string;
  readonly pid: () => number | null;
  /** Ends every session, then the cluster; bounded. */
  stop(): Promise<void>;
}

/** Recovery after a crash may have gigabytes of log to go through. */
const START_MS = 120_000;
const OWN_MS = 2_000;
const STOP_MS = 8_000;
const APPLICATION_ROLE = "millrace_app";
const RESTART_MS = [100, 300, 1_000, 2_000, 5_000];

/**
 * Starts the PostgreSQL that npm brought along and keeps it running: one that a crash left behind is adopted, a pid
 * file that speaks of somebody else is made harmless, and when the postmaster dies under us it is started again.
 * Throws when another server runs on the same data directory.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { dataDir, onLog, settings = [] } = options;
  const account = accountForPostgres();
  const secrets = await readSecrets(dataDir);
  const place = await locate({ native: await nativeDirectory(), dataDir, secrets }, account);
  await ensureCluster({ place, account, password: secrets.password });

  let port = 0;
  let postmaster: RunningPostmaster | null = null;
  let isStopping = false;
  const url = (database: string) => `postgresql://millrace:${secrets.password}@127.0.0.1:${port}/${database}`;

  /** Adopts what runs, or starts it; goes on until one of them worked, or it cannot. */
  async function acquire(wantedPort: () => Promise<number>): Promise<RunningPostmaster> {
    for (const until = Date.now() + START_MS; ; await delay(100)) {
      const running = await runningPostmaster(place.cluster);
      try {
        if (running === null) {
          port = await wantedPort();
          return await launch({ place, account, port, settings, onLog }, url("postgres"));
        }
        port = running.port;
        if (await answers(url("postgres"))) return watch(running.pid);
        // The cluster is on its way up or down: either way the next round finds it so.
      } catch (error) {
        if (!(error instanceof LaunchError && isPassing(error))) throw error;
        onLog(error.message);
      }
      if (Date.now() > until)
        throw new Error(`PostgreSQL in ${place.cluster} did not come up in ${START_MS / 1000} s.`);
    }
  }

  async function own(): Promise<Ownership> {
    // A server that was just killed may hold its lock for the instant that its socket takes to close.
    for (const until = Date.now() + OWN_MS; Date.now() < until; await delay(50)) {
      const ownership = await takeOwnership(url("postgres"));
      if (ownership !== null) return ownership;
    }
    throw new StartupError(`Another Millrace already runs on ${dataDir}. Give this one a DATA_DIR of its own.`);
  }

  async function supervise(watched: RunningPostmaster): Promise<void> {
    for (let current = watched; ; ) {
      await current.ended;
      if (isStopping) return;
      onLog("WARNING: PostgreSQL is gone; starting it again");
      const samePort = port;
      for (let attempt = 0; ; attempt += 1) {
        await delay(RESTART_MS[Math.min(attempt, RESTART_MS.length - 1)]);
        if (isStopping) return;
        try {
          // The address stays: everybody who was connected comes back to it.
          postmaster = current = await acquire(async () => samePort);
          if (isStopping) return await stopPostmaster(current, STOP_MS);
          break;
        } catch (error) {
          onLog(`WARNING: PostgreSQL did not start: ${(error as Error).message}`);
        }
      }
    }
  }

  postmaster = await acquire(() => freePort(secrets.port));
  const ownership = await own();
  await writeSecrets(dataDir, { ...(await readSecrets(dataDir)), port });
  const applicationPassword = randomBytes(24).toString("base64url");
  await prepareDatabase(url("postgres"), applicationPassword);
  const supervised = supervise(postmaster);

  return {
    url: url("millrace"),
    applicationUrl: `postgresql://${APPLICATION_ROLE}:${applicationPassword}@127.0.0.1:${port}/millrace`,
    pid: () => postmaster?.pid ?? null,
    async stop() {
      isStopping = true;
      await ownership.release();
      if (postmaster !== null) await stopPostmaster(postmaster, STOP_MS);
      await Promise.race([supervised, delay(STOP_MS, undefined, { ref: false })]);
    },
  };
}

/** Another start was faster, a crash came between making the pid file and writing it, orphans of a killed postmaster still write, or a port went between asking and binding. */
function isPassing(error: LaunchError): boolean {
  return /lock file .* (already exists|is empty)|still in use|could not bind|could not create any TCP\/IP sockets/.test(
    error.message,
  );
}

/** The role's password is a new one at every start, and kept nowhere: this process alone has a use for it. */
async function prepareDatabase(url: string, applicationPassword: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = 'millrace'");
    if (found.rowCount === 0) await client.query("CREATE DATABASE millrace");
    const role = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [APPLICATION_ROLE]);
    await client.query(
      `${role.rowCount === 0 ? "CREATE" : "ALTER"} ROLE ${APPLICATION_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE
       NOREPLICATION NOBYPASSRLS PASSWORD ${client.escapeLiteral(applicationPassword)}`,
    );
  } finally {
    await client.end();
  }
}
