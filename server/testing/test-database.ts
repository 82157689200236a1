import { randomUUID } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { type Database, openDatabase } from "../store/database.ts";

export interface TestDatabase {
  readonly url: string;
  /** As the role that serves. */
  readonly applicationUrl: string;
  readonly database: Database;
  /** A second way in, as another instance of the server would have. Closed by `drop`. */
  open(): Database;
  /** Closes every connection and drops the database. */
  drop(): Promise<void>;
}

/** A fresh, migrated database of its own on the run's PostgreSQL. */
export async function testDatabase(): Promise<TestDatabase> {
  const templateUrl = inject("postgresUrl");
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  await administer(templateUrl, `CREATE DATABASE ${name} TEMPLATE millrace STRATEGY wal_log`);
  const url = new URL(templateUrl);
  url.pathname = `/${name}`;
  const opened: Database[] = [];
  const open = () => {
    const database = openDatabase({ url: url.href, maxConnections: 10, onError: () => undefined });
    opened.push(database);
    return database;
  };
  const applicationUrl = new URL(inject("applicationUrl"));
  applicationUrl.pathname = url.pathname;
  return {
    url: url.href,
    applicationUrl: applicationUrl.href,
    database: open(),
    open,
    async drop() {
      await Promise.all(opened.map((database) => database.close()));
      await administer(templateUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

async function administer(templateUrl: string, statement: string): Promise<void> {
  const url = new URL(templateUrl);
  url.pathname = "/postgres";
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
