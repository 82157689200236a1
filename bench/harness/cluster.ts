import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../server/embedded/postgres.ts";

/** A PostgreSQL of the run's own. Millrace, its peers and its ceilings each have a database in it. */
export interface Cluster {
  /** Where it keeps its files: on the file system whose flushes are measured. */
  readonly directory: string;
  readonly version: string;
  /** Creates an empty database and answers its URL. */
  createDatabase(name: string): Promise<string>;
  /** Flushes what earlier rows left dirty, so that no row pays for the one before it. */
  checkpoint(): Promise<void>;
  stop(): Promise<void>;
}

export async function startCluster(): Promise<Cluster> {
  const directory = resolve(process.env.DATA_DIR ?? ".data", `bench-${process.pid}`);
  await mkdir(directory, { recursive: true });
  // Millrace's own embedded PostgreSQL and its settings. Only the peers' connections are added to those it allows for.
  const postgres = await startEmbeddedPostgres({
    dataDir: directory,
    onLog: () => {},
    settings: ["max_connections=200"],
  }).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  const admin = new pg.Client({ connectionString: postgres.url });
  await admin.connect();
  const { rows } = await admin.query<{ version: string; data: string }>(
    "SELECT current_setting('server_version') AS version, current_setting('data_directory') AS data",
  );
  // Elsewhere than in DATA_DIR when PostgreSQL's own account cannot enter that.
  const place = rows[0] === undefined ? directory : dirname(rows[0].data);

  return {
    directory: place,
    version: rows[0]?.version ?? "unknown",
    async createDatabase(name) {
      await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`);
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    async checkpoint() {
      await admin.query("CHECKPOINT");
    },
    async stop() {
      await admin.end();
      await postgres.stop();
      for (const path of new Set([directory, place])) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Runs SQL scripts in their order, each file as one. */
export async function runScripts(databaseUrl: string, files: readonly string[], options = ""): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, options });
  await client.connect();
  try {
    for (const file of files) await client.query(await readFile(file, "utf8"));
  } finally {
    await client.end();
  }
}

/** Millrace's own tables, for the ceilings: the same columns, indexes and trigger as the event table proper. */
export async function migrationScripts(): Promise<string[]> {
  const directory = resolve("prisma/migrations");
  const names = (await readdir(directory, { withFileTypes: true }))
    .filter((it) => it.isDirectory())
    .map((it) => it.name);
  return names.sort().map((name) => join(directory, name, "migration.sql"));
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
