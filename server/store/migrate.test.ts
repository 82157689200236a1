import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { migrate } from "./migrate.ts";

let db: TestDatabase;
let directory: string;

beforeEach(async () => {
  db = await testDatabase();
  directory = await mkdtemp(join(tmpdir(), "millrace-migrations-"));
  await cp("prisma/migrations", directory, { recursive: true });
});
afterEach(async () => {
  await db.drop();
  await rm(directory, { recursive: true });
});

async function addMigration(name: string, sql: string): Promise<void> {
  await cp(join(directory, "00000000000001_spine"), join(directory, name), { recursive: true });
  await writeFile(join(directory, name, "migration.sql"), sql);
}

async function migrateOnce(): Promise<string[]> {
  const client = await db.database.connect();
  try {
    return await migrate(client, directory);
  } finally {
    await client.end();
  }
}

describe("migrate", () => {
  it("applies what is new once, even when two instances start at the same time", async () => {
    await addMigration("99999999999999_more", "CREATE TABLE more (id integer PRIMARY KEY)");
    const applied = await Promise.all([migrateOnce(), migrateOnce()]);
    expect(applied.flat()).toEqual(["99999999999999_more"]);
    expect(await migrateOnce()).toEqual([]);
  });

  it("refuses a migration that was changed after it was applied", async () => {
    await writeFile(join(directory, "00000000000001_spine", "migration.sql"), "SELECT 1");
    await expect(migrateOnce()).rejects.toThrow("was changed after it was applied");
  });

  it("refuses a database that a newer build has migrated, and names what it does not know", async () => {
    await addMigration("99999999999998_later", "CREATE TABLE later (id integer)");
    await addMigration("99999999999999_latest", "CREATE TABLE latest (id integer)");
    await migrateOnce();
    for (const name of ["99999999999998_later", "99999999999999_latest"])
      await rm(join(directory, name), { recursive: true });
    await expect(migrateOnce()).rejects.toThrow(
      "This database is newer than this Millrace: it has 99999999999998_later, 99999999999999_latest.",
    );
  });

  it("refuses a database in which a migration of Prisma's own stopped half way", async () => {
    await db.database.pool.query(
      "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('1', 'c', '20990101000000_half')",
    );
    await expect(migrateOnce()).rejects.toThrow("20990101000000_half was begun");
  });

  it("leaves the database as it was when a migration fails", async () => {
    await addMigration("99999999999999_broken", "CREATE TABLE half (id integer); SELECT no_such_function();");
    await expect(migrateOnce()).rejects.toThrow("99999999999999_broken failed");
    const found = await db.database.pool.query("SELECT to_regclass('half') AS half");
    expect(found.rows).toEqual([{ half: null }]);
  });
});
