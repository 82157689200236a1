import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { severableDatabase } from "../testing/severable-database.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { transactionPooler } from "../testing/transaction-pooler.ts";
import { type CheckOptions, checkDatabase } from "./check-database.ts";

let db: TestDatabase;
let waited: string[];
let warned: string[];
const cleanUps: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  db = await testDatabase();
  waited = [];
  warned = [];
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
  await db.drop();
});

function check(url: string, more: Partial<CheckOptions> = {}) {
  return checkDatabase({
    url,
    waitMs: 0,
    bounds: { connectMs: 2_500, statementMs: 1_500, silenceMs: 500 },
    onWaiting: (at, because) => waited.push(`${at}: ${because}`),
    onWarning: (message) => warned.push(message),
    ...more,
  });
}

/** The address with another part: user, password, database, port. */
function changed(parts: Partial<Record<"username" | "password" | "pathname" | "port" | "hostname", string>>): string {
  return Object.assign(new URL(db.url), parts).href;
}

describe("at its start the server", () => {
  it("takes a database that is as it should be, and finds the schema of the tables", async () => {
    expect(await check(db.url)).toEqual({ schema: "public" });
    expect([waited, warned]).toEqual([[], []]);
  });

  it("refuses an address that is none, an account that is not let in, and a database that is not there", async () => {
    await expect(check("postgresql://a:%E0%41@127.0.0.1:5432/x")).rejects.toThrow("DATABASE_URL cannot be read");
    await expect(check(changed({ password: "wrong" }))).rejects.toThrow('does not let "millrace" in');
    await expect(check(changed({ username: "nobody" }))).rejects.toThrow('does not let "nobody" in');
    await expect(check(changed({ pathname: "/nowhere" }))).rejects.toThrow(
      'There is no database "nowhere" at 127.0.0.1',
    );
    await expect(check(`${db.url}?ssl=true`)).rejects.toThrow("cannot be used: The server does not support SSL");
    for (const url of [changed({ password: "s3cret" }), changed({ port: "1", password: "s3cret" })]) {
      await expect(check(url)).rejects.toSatisfy((error: Error) => !error.message.includes("s3cret"));
    }
  });

  it("waits for a database that is not up yet, says so once, and goes on when it is", async () => {
    const way = await severableDatabase(db.url);
    cleanUps.push(() => way.close());
    await way.sever();
    const checked = check(way.url, { waitMs: 30_000 });
    await expect.poll(() => waited).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+: .*ECONNREFUSED/)]);
    await way.mend();
    expect(await checked).toEqual({ schema: "public" });
    expect(waited).toHaveLength(1);
  });

  it("gives up one that never comes, one that never answers, and stops waiting when told to", async () => {
    const way = await severableDatabase(db.url);
    cleanUps.push(() => way.close());
    way.holdBack();
    await expect(check(way.url)).rejects.toThrow("was not ready within 0 s (timeout expired)");
    await expect(check(changed({ port: "1" }))).rejects.toThrow("Is it running, and is DATABASE_URL right?");
    const stop = AbortSignal.timeout(50);
    await expect(check(changed({ port: "1" }), { waitMs: 60_000, signal: stop })).rejects.toThrow("Stopped while");
  });

  it("waits for one that takes no writes yet, as a standby on its way", async () => {
    const name = new URL(db.url).pathname.slice(1);
    await db.database.pool.query(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await expect(check(db.url)).rejects.toThrow("was not ready within 0 s (it takes no writes)");
  });

  it("refuses one in another encoding, and an account without a schema", async () => {
    const name = `${new URL(db.url).pathname.slice(1)}_ascii`;
    await db.database.pool.query(
      `CREATE DATABASE ${name} ENCODING SQL_ASCII TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    cleanUps.push(() => db.database.pool.query(`DROP DATABASE ${name}`));
    await expect(check(changed({ pathname: `/${name}` }))).rejects.toThrow("is encoded in SQL_ASCII");
    await db.database.pool.query(`ALTER DATABASE ${new URL(db.url).pathname.slice(1)} SET search_path = nowhere`);
    await expect(check(db.url)).rejects.toThrow("No schema of the search_path");
  });

  it.each([1, 2, 5])("refuses a pooler by transaction with %i connections, and says what to do", async (size) => {
    const pooler = await transactionPooler(db.url, { size });
    cleanUps.push(() => pooler.close());
    await expect(check(pooler.url)).rejects.toThrow(
      "let DATABASE_URL name PostgreSQL itself, or set pool_mode = session",
    );
  });

  it("the pooler of these tests passes on what it is asked", async () => {
    const pooler = await transactionPooler(db.url, { size: 1 });
    cleanUps.push(() => pooler.close());
    const clients = [1, 2].map(() => new pg.Client({ connectionString: pooler.url }));
    for (const client of clients) await client.connect();
    const answers = await Promise.all(clients.map((it) => it.query("SELECT $1::int AS n", [clients.indexOf(it)])));
    expect(answers.map((it) => it.rows)).toEqual([[{ n: 0 }], [{ n: 1 }]]);
    for (const client of clients) await client.end();
  });
});
