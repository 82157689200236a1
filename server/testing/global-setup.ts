import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { TestProject } from "vitest/node";
import { startEmbeddedPostgres } from "../embedded/postgres.ts";
import { migrate } from "../store/migrate.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Of a database on the run's cluster whose role may create others. */
    postgresUrl: string;
    /** The role that serves, without the database's name: what needs more than it was granted fails in the tests. */
    applicationUrl: string;
  }
}

/** One real PostgreSQL for the whole run, with a migrated template that every test database is cloned from. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "millrace-test-"));
  // mkdtemp is private to its owner; as root the cluster belongs to another account.
  await chmod(dataDir, 0o755);
  const postgres = await startEmbeddedPostgres({
    dataDir,
    onLog: () => undefined,
    settings: ["max_connections=300"],
  });
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await migrate(client, join(import.meta.dirname, "../../prisma/migrations"));
  await client.end();
  project.provide("postgresUrl", postgres.url);
  project.provide("applicationUrl", postgres.applicationUrl);
  return async () => {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
