import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { StartupError } from "../startup-error.ts";

/** The number that `prisma migrate` locks too, so that it and a starting server take turns. */
const ADVISORY_LOCK = 72_707_369;

interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/**
 * Brings the schema up to `directory` (Prisma's layout: `<name>/migration.sql`) and returns the names it applied.
 * Recorded in Prisma's own `_prisma_migrations`, so that `prisma migrate` sees the same history. Safe with several
 * instances starting at once: one applies, the others wait. Throws a `StartupError` when a migration was changed after it
 * was applied, and when the database has one that is not in `directory`: an older build would not know what it did.
 */
export async function migrate(client: pg.ClientBase, directory: string): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const names = new Set(migrations.map((it) => it.name));
  await client.query("SELECT pg_advisory_lock($1)", [ADVISORY_LOCK]);
  try {
    await client.query(HISTORY_TABLE);
    const known = await client.query<{ migration_name: string; checksum: string; isFinished: boolean }>(
      `SELECT migration_name, checksum, finished_at IS NOT NULL AS "isFinished"
       FROM _prisma_migrations WHERE rolled_back_at IS NULL`,
    );
    const halfDone = known.rows.find((row) => !row.isFinished);
    if (halfDone !== undefined) {
      throw new StartupError(
        `Migration ${halfDone.migration_name} was begun by \`prisma migrate\` and did not finish. Repair it and mark it with \`prisma migrate resolve\`.`,
      );
    }
    const newer = known.rows.map((row) => row.migration_name).filter((name) => !names.has(name));
    if (newer.length > 0) {
      throw new StartupError(
        `This database is newer than this Millrace: it has ${newer.sort().join(", ")}. Start the version that made them, or a later one.`,
      );
    }
    const applied = new Map(known.rows.map((row) => [row.migration_name, row.checksum]));
    const fresh: string[] = [];
    for (const migration of migrations) {
      const checksum = applied.get(migration.name);
      if (checksum === undefined) {
        await apply(client, migration);
        fresh.push(migration.name);
      } else if (checksum !== migration.checksum) {
        throw new StartupError(
          `Migration ${migration.name} was changed after it was applied to this database. Migrations are immutable: restore the file and write a new one.`,
        );
      }
    }
    return fresh;
  } finally {
    await client.query("SELECT pg_advisory_unlock($1)", [ADVISORY_LOCK]);
  }
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(directory, name, "migration.sql"), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function apply(client: pg.ClientBase, { name, sql, checksum }: Migration): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, started_at, applied_steps_count)
       VALUES ($1, $2, now(), $3, now(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    const because = (error as Error).message;
    throw new StartupError(`Migration ${name} failed (${because}); the database is as it was before it.`, {
      cause: error,
    });
  }
}

// Column for column what Prisma's own engine creates.
const HISTORY_TABLE = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id                  varchar(36) PRIMARY KEY NOT NULL,
  checksum            varchar(64) NOT NULL,
  finished_at         timestamptz,
  migration_name      varchar(255) NOT NULL,
  logs                text,
  rolled_back_at      timestamptz,
  started_at          timestamptz NOT NULL DEFAULT now(),
  applied_steps_count integer NOT NULL DEFAULT 0
)`;
