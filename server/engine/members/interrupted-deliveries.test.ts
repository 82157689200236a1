import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { createTopic, type Instance, openInstance } from "../testing/consumer-rig.ts";
import { type InterruptedDelivery, recordInterrupted } from "./interrupted-deliveries.ts";

const consumer = "billing";
const topic = "orders";
const actor = { name: "person:ann", requestId: "r1" };
let db: TestDatabase;
let a: Instance;

beforeEach(async () => {
  db = await testDatabase();
  a = openInstance(db.url);
});
afterEach(async () => {
  await a.close("crashed");
  await db.drop();
});

test("what broke off under a lease that has moved on is not noted: its numbers belong to others", async () => {
  await createTopic(a.database, topic);
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const { pool } = a.database;
  const { rows } = await pool.query<{ consumerId: number; topicId: number; epoch: number }>(
    `SELECT c.id AS "consumerId", t.id AS "topicId", l.epoch FROM consumer c, topic t, lease l`,
  );
  const [{ consumerId, topicId, epoch } = { consumerId: 0, topicId: 0, epoch: 0 }] = rows;
  const retry = { maxAttempts: 5, backoff: { delaysMs: [0] }, permanentErrors: [] };
  const of = { topicId, attempt: 1, partition: 0, member: "m1", outcome: "interrupted", error: null, lostAlone: null };
  await recordInterrupted(a.database, { consumerId, retry }, [
    { ...of, offset: 1, epoch: epoch + 1 } as InterruptedDelivery,
    { ...of, offset: 2, epoch } as InterruptedDelivery,
  ]);
  const noted = await pool.query('SELECT "offset" FROM delivery_attempt');
  expect(noted.rows).toEqual([{ offset: 2 }]);
});

test("a member that leaves while an operator discards what it had in flight holds up neither", async () => {
  const topicId = await createTopic(a.database, topic);
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions: 2 });
  const { pool } = a.database;
  const { rows } = await pool.query<{ id: number }>("SELECT id FROM consumer");
  const consumerId = rows[0]?.id ?? 0;
  const retry = { maxAttempts: 5, backoff: { delaysMs: [0] }, permanentErrors: [] };
  const interrupted = Array.from(
    { length: 400 },
    (_, index): InterruptedDelivery => ({
      ...{ topicId, offset: index + 1, attempt: 2 },
      ...{ partition: (index + 1) % 2, epoch: 0, member: "m1", outcome: "interrupted", error: null, lostAlone: null },
    }),
  );
  a.startOperations();
  for (let round = 0; round < 12; round++) {
    await pool.query("DELETE FROM parked_event");
    await pool.query(
      `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max, due_at)
       SELECT $1, $2, o, 'k' || o, 'kk' || o, o, 't', 'retrying', 1, 9, now() FROM generate_series(1, 400) AS o`,
      [consumerId, topicId],
    );
    const { id } = await a.discard({ consumer, filter: { all: true }, reason: "void", actor });
    let isOver = false;
    while (!isOver) {
      await recordInterrupted(a.database, { consumerId, retry }, interrupted);
      isOver = (await a.operation({ id })).status === "done";
    }
  }
  expect(a.errors).toEqual([]);
}, 60_000);
