import { afterAll, beforeAll, expect, test } from "vitest";
import { selectEventKeys } from "../store/topics/event-keys-select.ts";
import { lookUp } from "../store/topics/event-lookup.ts";
import { type TestDatabase, testDatabase } from "../testing/test-database.ts";
import { acked, createTopic, failed, type Instance, openInstance, publish } from "./testing/consumer-rig.ts";

const EVENTS = 20_000;
const LETTERS = 10_000;
const actor = { name: "person:x", requestId: "r" };

/**
 * Statistics are minutes old, and a sample. A topic or a consumer that they have not seen counts as one row, and a plan
 * that reads all of it looks as cheap as one that goes by the offset: with 40,000 events it took 20 ms a look.
 */
let db: TestDatabase;
let a: Instance;
let topicId: number;
beforeAll(async () => {
  db = await testDatabase();
  a = openInstance(db.url, { leaseMs: 10_000 });
  const query = (sql: string) => a.database.pool.query(sql);
  for (const table of ["event", "parked_event", "delivery_attempt"]) {
    await query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  }
  const park = (consumer: string) =>
    query(
      `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max,
         error_name, error_message, fingerprint, failed_at)
       SELECT c.id, t.id, o, 'p' || o % 100, 'kp' || o % 100, o % 100, 'odd', CASE WHEN o <= 100 THEN 'dead' ELSE 'blocked' END,
         CASE WHEN o <= 100 THEN 5 ELSE 0 END, 5, CASE WHEN o <= 100 THEN 'Boom' END,
         CASE WHEN o <= 100 THEN 'it broke' END, CASE WHEN o <= 100 THEN 'f' END, CASE WHEN o <= 100 THEN now() END
       FROM consumer c, topic t, generate_series(1, ${LETTERS}) o WHERE c.name = '${consumer}' AND t.name = 'parking'`,
    );
  const attempts = (consumer: string) =>
    query(
      `INSERT INTO delivery_attempt (consumer_id, topic_id, "offset", attempt, outcome)
       SELECT c.id, t.id, o, 1, 'retry' FROM consumer c, topic t, generate_series(1, ${LETTERS}) o
       WHERE c.name = '${consumer}' AND t.name = 'parking'`,
    );
  const parking = await createTopic(a.database, "parking");
  await publish(a, parking, { count: LETTERS });
  for (const name of ["one", "two"]) {
    await publish(a, await createTopic(a.database, name), { count: EVENTS });
    await a.declare(name, {
      topics: [
        { topic: name, start: "earliest" },
        { topic: "parking", start: "latest" },
      ],
    });
    await park(name);
    await attempts(name);
  }
  await query("ANALYZE");
  topicId = await createTopic(a.database, "orders");
  await publish(a, topicId, { count: EVENTS, keys: 1_000 });
  await a.declare("billing", {
    topics: [
      { topic: "orders", start: "earliest" },
      { topic: "parking", start: "latest" },
    ],
    maxInFlight: 100,
    retry: { maxAttempts: 3, backoff: { delaysMs: [0] }, permanentErrors: [] },
  });
  await park("billing");
  await attempts("billing");
});
afterAll(async () => {
  await a.close("crashed");
  await db.drop();
});

/** Rows that were read, by table, while something was done. */
async function readWhile(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const counts = async () => {
    // Of every connection that may have worked: each tells its counts when it is asked to.
    await Promise.all(
      Array.from({ length: 6 }, () => a.database.pool.query("SELECT pg_stat_force_next_flush(), pg_sleep(0.05)")),
    );
    await a.database.pool.query("SELECT 1");
    const { rows } = await a.database.pool.query<{ name: string; read: number }>(
      `SELECT s.relname AS name, s.seq_tup_read + sum(i.idx_tup_read)::bigint AS read
       FROM pg_stat_user_tables s JOIN pg_stat_user_indexes i USING (relid)
       WHERE s.relname IN ('event', 'parked_event', 'delivery_attempt') GROUP BY s.relname, s.seq_tup_read`,
    );
    return new Map(rows.map((it) => [it.name, it.read]));
  };
  const before = await counts();
  await work();
  const after = await counts();
  return Object.fromEntries([...after].map(([name, read]) => [name, read - (before.get(name) ?? 0)]));
}

test("events are looked up by offset and id, not by reading their topic", async () => {
  const read = await readWhile(async () => {
    const { pool } = a.database;
    expect((await selectEventKeys(pool, { topicId, offsets: [3, 19_000] })).size).toBe(2);
    const names = ["e5", "e6", "none"].map((id) => ({ id, source: "/" }));
    expect((await lookUp(pool, topicId, { names, keys: ["k7"] })).known.size).toBe(2);
  });
  expect(read.event).toBeLessThan(100);
});

test("a failure, its retries and its release read their own rows, not all that is parked", async () => {
  const member = await a.join("billing", "m1");
  await member.delivered(100);
  const [first] = member.deliveries;
  if (first === undefined) throw new Error("nothing was delivered");
  const read = await readWhile(async () => {
    await a.settle("billing", [failed(first)]);
    await member.until(() => member.deliveries.some((it) => it.offset === first.offset && it.attempt === 2), "a retry");
    const again = member.deliveries.findLast((it) => it.offset === first.offset);
    if (again !== undefined) await a.settle("billing", [failed(again)]);
    await member.until(() => member.deliveries.some((it) => it.offset === first.offset && it.attempt === 3), "another");
    const last = member.deliveries.findLast((it) => it.offset === first.offset);
    if (last !== undefined) await a.settle("billing", [acked(last)]);
  });
  expect(await a.parked("billing")).toHaveLength(LETTERS);
  // The live flow reads on meanwhile: at most a batch of 1,000 events.
  expect(read.event).toBeLessThan(3_000);
  expect(read.parked_event).toBeLessThan(500);
  expect(read.delivery_attempt).toBeLessThan(500);
  await member.joined?.leave();
});

test("a step of an operation reads what it takes up", async () => {
  const runner = a.startOperations();
  const finished = async (id: string) => {
    await expect.poll(async () => (await a.operation({ id })).status, { timeout: 10_000 }).toBe("done");
  };
  const discard = { consumer: "billing", filter: { topic: "parking", key: "p7" }, reason: "void", actor };
  const read = await readWhile(async () => finished((await a.discard(discard)).id));
  expect((await a.listParked({ consumer: "billing", state: "discarded", limit: 200 })).events).toHaveLength(100);
  await runner.close();
  // To choose rows by their key the consumer's are read: once to count them, once to take them, once to see that none is left.
  expect(read.parked_event).toBeLessThan(8 * LETTERS);
});
