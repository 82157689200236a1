import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SeverableDatabase, severableDatabase } from "../testing/severable-database.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import type { DatabaseBounds } from "./bounded-client.ts";
import { type Database, openDatabase, patientTransaction, transaction } from "./database.ts";
import { absenceOf, isDatabaseAway, isRefusedValue, isUniqueViolation } from "./database-errors.ts";
import { readSnapshot } from "./read-snapshot.ts";

/** Instead of the quarter of an hour that TCP takes, with room for a busy machine. */
const SOON_MS = 8_000;
const BOUNDS: Partial<DatabaseBounds> = { connectMs: 2_500, lockMs: 500, statementMs: 1_000, silenceMs: 500 };

let db: TestDatabase;
let way: SeverableDatabase;
let errors: Error[];
const opened: Database[] = [];

beforeEach(async () => {
  db = await testDatabase();
  way = await severableDatabase(db.url);
  errors = [];
});
afterEach(async () => {
  await way.close();
  await Promise.all(opened.splice(0).map((it) => it.close()));
  await db.drop();
});

function open(url: string, more: { schema?: string; bounds?: Partial<DatabaseBounds>; connections?: number } = {}) {
  const { bounds = BOUNDS, connections = 4, ...rest } = more;
  const database = openDatabase({
    url,
    maxConnections: connections,
    onError: (it) => errors.push(it),
    bounds,
    ...rest,
  });
  opened.push(database);
  return database;
}

/** What the work was refused with, and after how long. */
async function refusal(work: Promise<unknown>): Promise<{ error: unknown; afterMs: number }> {
  const startedAt = performance.now();
  const error = await work.then(
    () => null,
    (it: unknown) => it,
  );
  return { error, afterMs: performance.now() - startedAt };
}

/** Fills the pool with so many connections that are idle. */
async function warm(database: Database, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => database.pool.query("SELECT pg_sleep(0.05)")));
  expect(database.pool.idleCount).toBe(count);
}

describe("bounds", () => {
  it("a connection whose packets vanish is found and destroyed, and its idle neighbours with it", async () => {
    const database = open(way.url);
    await warm(database, 3);
    way.lose();
    const { error, afterMs } = await refusal(database.pool.query("SELECT 1"));
    expect(isDatabaseAway(error)).toBe(true);
    expect(afterMs).toBeLessThan(SOON_MS);
    expect((await database.pool.query("SELECT 7 AS seven")).rows).toEqual([{ seven: 7 }]);
    expect(database.pool.totalCount).toBe(1);
    expect(errors.map((it) => it.message)).toEqual([expect.stringContaining("lost without a word")]);
  });

  it("a transaction on a connection whose packets vanish ends after one wait, not one for each statement", async () => {
    const database = open(way.url, { bounds: { ...BOUNDS, statementMs: 1_500 } });
    const work = transaction(database.pool, async (client) => {
      await client.query("SELECT 1");
      way.lose();
      await client.query("SELECT 2");
    });
    const { error, afterMs } = await refusal(work);
    expect(isDatabaseAway(error)).toBe(true);
    expect(afterMs).toBeLessThan(2 * 2_000);
    expect((await database.pool.query("SELECT 7 AS seven")).rows).toEqual([{ seven: 7 }]);
  });

  it("long work on a connection whose packets vanish is not waited for that long once another was found out", async () => {
    const database = open(way.url);
    const other = await database.pool.connect();
    let begun = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const long = patientTransaction(database.pool, (client) => {
      begun();
      return client.query("SELECT pg_sleep(0.5)");
    });
    await hasBegun;
    way.lose();
    const [work, found] = await Promise.all([refusal(long), refusal(other.query("SELECT 1"))]);
    other.release();
    expect(isDatabaseAway(found.error)).toBe(true);
    expect(isDatabaseAway(work.error)).toBe(true);
    expect(work.afterMs).toBeLessThan(SOON_MS);
  });

  it("a connection kept for oneself ends by itself, too, once it is asked something", async () => {
    const client = await open(way.url).connect();
    const ended = new Promise((resolve) => client.once("end", resolve));
    way.lose();
    expect(isDatabaseAway((await refusal(client.query("SELECT 1"))).error)).toBe(true);
    await ended;
  });

  it("a connection that was lost can be closed", async () => {
    const client = await open(way.url).connect();
    way.lose();
    await client.end();
  });

  it("a new connection that is accepted and never answered is given up", async () => {
    const database = open(way.url);
    way.holdBack();
    const { error, afterMs } = await refusal(database.pool.query("SELECT 1"));
    expect(isDatabaseAway(error)).toBe(true);
    expect(afterMs).toBeLessThan(SOON_MS);
    way.letGo();
    expect((await database.pool.query("SELECT 7 AS seven")).rows).toEqual([{ seven: 7 }]);
  });

  it("waiting for a pooled connection ends, too", async () => {
    const database = open(db.url, { connections: 1 });
    const busy = await database.pool.connect();
    const { error, afterMs } = await refusal(database.pool.query("SELECT 1"));
    busy.release();
    expect(isDatabaseAway(error)).toBe(true);
    expect(afterMs).toBeLessThan(SOON_MS);
  });

  it("a table that somebody has locked is not waited for longer than lockMs", async () => {
    const database = open(db.url);
    const locking = new pg.Client({ connectionString: db.url });
    await locking.connect();
    await locking.query("BEGIN; LOCK TABLE event");
    const { error, afterMs } = await refusal(database.pool.query("SELECT count(*) FROM event"));
    await locking.end();
    expect(error).toMatchObject({ code: "55P03" });
    expect(isDatabaseAway(error)).toBe(true);
    expect(afterMs).toBeLessThan(SOON_MS);
  });

  it("a statement that runs too long is ended by PostgreSQL, and its connection goes on", async () => {
    const client = await open(db.url).connect();
    const { error } = await refusal(client.query("SELECT pg_sleep(30)"));
    expect(error).toMatchObject({ code: "57014" });
    expect(isDatabaseAway(error)).toBe(true);
    expect((await client.query("SELECT 7 AS seven")).rows).toEqual([{ seven: 7 }]);
    await client.end();
  });

  it("work that is long by design has its own bound, and leaves none of it behind", async () => {
    const database = open(db.url, { connections: 1 });
    const slow = "SELECT pg_sleep(1.6), current_setting('statement_timeout') AS bound";
    const found = await patientTransaction(database.pool, (client) => client.query(slow));
    expect(found.rows).toMatchObject([{ bound: "2min" }]);
    expect((await database.patient.query(slow)).rows).toMatchObject([{ bound: "2min" }]);
    const read = await readSnapshot(database.pool, (client) => client.query(slow));
    expect(read.rows).toMatchObject([{ bound: "2min" }]);
    expect((await database.pool.query("SHOW statement_timeout")).rows).toEqual([{ statement_timeout: "1s" }]);
  });

  it("a session that stands still inside a transaction lets go of what it has locked", async () => {
    const standing = open(db.url, { bounds: { ...BOUNDS, idleInTransactionMs: 200 } });
    const client = await standing.pool.connect();
    const ended = new Promise((resolve) => client.once("end", resolve));
    await client.query("BEGIN; LOCK TABLE event");
    await ended;
    client.release(true);
    expect((await open(db.url).pool.query("SELECT count(*) FROM event")).rows).toEqual([{ count: 0 }]);
  });

  it("a refused statement leaves its connection in the pool, one that was ended or is stale does not", async () => {
    const database = open(db.url, { connections: 1 });
    const pid = async () => (await database.pool.query("SELECT pg_backend_pid() AS pid")).rows[0].pid;
    const before = await pid();
    await refusal(database.pool.query("SELECT 1 / 0"));
    await refusal(database.pool.query("SELECT pg_sleep(30)"));
    expect(await pid()).toBe(before);
    await database.pool.query("CREATE TABLE changing (n integer)");
    const read = () => database.pool.query({ name: "read_changing", text: "SELECT * FROM changing" });
    await read();
    await database.pool.query("ALTER TABLE changing ADD COLUMN more integer");
    await refusal(read());
    expect((await read()).fields.map((it) => it.name)).toEqual(["n", "more"]);
    await refusal(database.pool.query("SELECT pg_terminate_backend(pg_backend_pid())"));
    expect((await database.pool.query("SELECT 7 AS seven")).rows).toEqual([{ seven: 7 }]);
  });

  it("Prisma's connections are bound in the same way", async () => {
    const database = open(way.url);
    await database.prisma.setting.findMany();
    way.lose();
    const { error, afterMs } = await refusal(database.prisma.setting.findMany());
    expect(isDatabaseAway(error)).toBe(true);
    expect(afterMs).toBeLessThan(SOON_MS);
    expect(await database.prisma.setting.findMany()).toEqual([]);
  });

  it("transactions of Prisma's on connections whose packets vanish end after one wait, and give them back", async () => {
    const database = open(way.url);
    let reading = 0;
    const work = Array.from({ length: 4 }, () =>
      refusal(
        database.prisma.$transaction(async (tables) => {
          await tables.setting.findMany();
          reading += 1;
          await expect.poll(() => reading).toBe(4);
          way.lose();
          await tables.setting.findMany();
        }),
      ),
    );
    for (const { error, afterMs } of await Promise.all(work)) {
      expect(isDatabaseAway(error)).toBe(true);
      expect(afterMs).toBeLessThan(SOON_MS);
    }
    expect(await database.prisma.$transaction((tables) => tables.setting.findMany())).toEqual([]);
  });

  it("Prisma's own names for a database that is away, and for a refusal, are known", async () => {
    const prisma = open(way.url).prisma;
    const slow = await refusal(prisma.$queryRawUnsafe("SELECT pg_sleep(30)"));
    const late = await refusal(
      prisma.$transaction((tables) => tables.$executeRaw`SELECT pg_sleep(0.3)`, { timeout: 100 }),
    );
    const wrong = await refusal(prisma.$queryRawUnsafe("SELECT no_such_column"));
    const text = await refusal(prisma.setting.findUnique({ where: { name: "\u0000" } }));
    await prisma.setting.create({ data: { name: "once", value: 1 } });
    const twice = await refusal(prisma.setting.create({ data: { name: "once", value: 2 } }));
    await way.sever();
    const refused = await refusal(prisma.setting.findMany());
    const absences = [slow, late, refused, wrong, text, twice].map((it) => absenceOf(it.error));
    expect(absences).toEqual(["slow", "slow", "unreachable", null, null, null]);
    expect([wrong, text, twice].map((it) => isRefusedValue(it.error))).toEqual([false, true, false]);
    expect([wrong, text, twice].map((it) => isUniqueViolation(it.error))).toEqual([false, false, true]);
  });

  it("says for how long an answer has been waited for", async () => {
    const database = open(way.url);
    await database.pool.query("SELECT 1");
    expect(database.waitedMs()).toBe(0);
    way.lose();
    const asked = refusal(database.pool.query("SELECT 1"));
    await expect.poll(() => database.waitedMs()).toBeGreaterThan(100);
    await asked;
    await expect.poll(() => database.waitedMs()).toBe(0);
  });
});

describe("sessions", () => {
  it("the defaults of a database do not reach them", async () => {
    const settings = [
      ["synchronous_commit", "off", "on"],
      ["datestyle", "German", "ISO, MDY"],
      ["timezone", "Asia/Tokyo", "UTC"],
      ["intervalstyle", "sql_standard", "postgres"],
      ["extra_float_digits", "-15", "1"],
      ["bytea_output", "escape", "hex"],
      ["array_nulls", "off", "on"],
      ["standard_conforming_strings", "off", "on"],
      ["default_transaction_isolation", "serializable", "read committed"],
      ["default_transaction_deferrable", "on", "off"],
      ["statement_timeout", "2s", "1s"],
      ["lock_timeout", "2s", "500ms"],
      ["idle_in_transaction_session_timeout", "2s", "15s"],
      ["idle_session_timeout", "2s", "0"],
      ["transaction_timeout", "2s", "0"],
    ] as const;
    for (const [setting, hostile] of settings) await setDefault(setting, hostile);
    const database = open(db.url);
    const kept = await database.connect();
    const shown: [string, unknown, unknown, unknown][] = [];
    for (const [setting] of settings) {
      const show = `SELECT current_setting('${setting}') AS is`;
      const [pooled, alone] = [await database.pool.query(show), await kept.query(show)];
      const [prisma] = await database.prisma.$queryRawUnsafe<{ is: string }[]>(show);
      shown.push([setting, pooled.rows[0].is, alone.rows[0].is, prisma?.is]);
    }
    await kept.end();
    expect(shown).toEqual(settings.map(([setting, , expected]) => [setting, expected, expected, expected]));
  });

  it("a default that waits for more than our own disk stays as it is", async () => {
    await setDefault("synchronous_commit", "remote_apply");
    const shown = await open(db.url).pool.query("SHOW synchronous_commit");
    expect(shown.rows).toEqual([{ synchronous_commit: "remote_apply" }]);
  });

  async function setDefault(setting: string, value: string): Promise<void> {
    const { rows } = await db.database.pool.query("SELECT current_database() AS name");
    await db.database.pool.query(`ALTER DATABASE ${rows[0].name} SET ${setting} = '${value}'`);
  }

  it("the tables are found where they are, whatever the default search_path says later", async () => {
    await db.database.pool.query('CREATE SCHEMA other; ALTER SCHEMA public RENAME TO "mill race"');
    await setDefault("search_path", "other");
    const database = open(db.url, { schema: "mill race" });
    expect((await database.pool.query("SELECT count(*) FROM event")).rows).toEqual([{ count: 0 }]);
    expect(await database.prisma.setting.findMany()).toEqual([]);
  });
});
