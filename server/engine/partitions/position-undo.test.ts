import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { PositionPlanRequest, PositionTarget } from "../../contract/position-changes.ts";
import { keyHash, sequenceHash } from "../../domain/partition-of.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { acked, createTopic, type Instance, openInstance, publish } from "../testing/consumer-rig.ts";

const actor = { name: "person:ada@example.org", requestId: "r1" };
let db: TestDatabase;
let a: Instance;
let b: Instance;
let [topic, consumer] = ["", ""];
let topicId = 0;
let consumerId = 0;
let run = 0;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  run += 1;
  [topic, consumer] = [`orders-${run}`, `billing-${run}`];
  topicId = await createTopic(db.database, topic);
  a = openInstance(db.url);
  b = openInstance(db.url);
  await declare(2);
  consumerId = (await sql<{ id: number }>("SELECT id FROM consumer WHERE name = $1", [consumer]))[0]?.id ?? 0;
  await publish(a, topicId, { count: 20 });
});
afterEach(async () => {
  await Promise.all([a.close("crashed"), b.close("crashed")]);
});

async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await db.database.pool.query<Row>(text, values)).rows;
}

const declare = (partitions: number) =>
  a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions, retry: { maxAttempts: 3 } as never });

/** A member that has settled all but some of the topic's events. */
async function member(unsettled: readonly number[]) {
  const joined = await a.join(consumer, "m1");
  await joined.delivered(20);
  await a.ack(
    consumer,
    joined.deliveries.filter((it) => !unsettled.includes(it.offset)),
  );
  return joined;
}

/** Everything that an undo restores, as text: byte for byte. */
async function dump(): Promise<Record<string, unknown>> {
  const table = async (text: string) => (await sql<{ row: string }>(text, [consumerId])).map((it) => it.row);
  return {
    cursors: await table(
      `SELECT row(topic_id, partition, position, settled)::text AS row FROM cursor
       WHERE consumer_id = $1 ORDER BY topic_id, partition`,
    ),
    layouts: await table("SELECT p::text AS row FROM prior_layout p WHERE consumer_id = $1 ORDER BY topic_id, layout"),
    parked: await table(`SELECT p::text AS row FROM parked_event p WHERE consumer_id = $1 ORDER BY topic_id, "offset"`),
    state: await table("SELECT s::text AS row FROM state_entry s WHERE consumer_id = $1 ORDER BY key"),
  };
}

async function park(through: number, from = 1): Promise<void> {
  await sql(
    `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max, error_name,
       error_message, error_stack, fingerprint, failed_at, discarded_by, discarded_at, discard_reason)
     SELECT $1, $2, o, 'k' || o % 5, 'kk' || o % 5, ($5::bigint[])[o % 5 + 1], 't', CASE WHEN o % 7 = 6 THEN 'discarded' WHEN o <= 5 THEN 'dead' ELSE 'blocked' END,
       2, 5, 'Oops', E'it\\'s "over"\\n' || o, NULL, 'f' || o, now(), CASE WHEN o % 7 = 6 THEN 'ada' END,
       CASE WHEN o % 7 = 6 THEN now() END, CASE WHEN o % 7 = 6 THEN 'never mind' END
     FROM generate_series($3::int, $4::int) AS o`,
    [consumerId, topicId, from, through, [0, 1, 2, 3, 4].map((it) => sequenceHash({ key: `k${it}`, offset: 0 }))],
  );
}

async function change(target: PositionTarget, more: Partial<PositionPlanRequest> = {}) {
  const plan = await a.plan({ consumer, target, ...more, actor });
  return a.change({ consumer, planId: plan.id, token: plan.token, reason: "wrong rate", actor });
}
const undo = (id: string) => b.undo({ consumer, id, reason: "that was wrong", actor });

test.each<[PositionTarget["to"], Partial<PositionPlanRequest>]>([
  ["earliest", { parked: "clear", state: "clear" }],
  ["earliest", { parked: "keep" }],
  ["earliest", { parked: "redrive", state: "clear" }],
  ["latest", { parked: "clear", state: "clear" }],
  ["latest", {}],
])(
  "undoing a move to %s with %j restores cursors, parked events and state byte for byte, and undoing that does it again",
  async (to, more) => {
    // Nobody works meanwhile: what a member does between the change and the undo is another test's matter.
    await (await member([9, 12, 13])).joined?.leave();
    await park(8);
    await sql(
      `INSERT INTO state_entry (consumer_id, key, value, version)
     VALUES ($1, 'sum', '9007199254740993', 7), ($1, 'text', '{"b":1.10, "a":"\\u0000"}', 1), ($1, 'x', '"y"', 2)`,
      [consumerId],
    );
    const before = await dump();
    const made = await change({ to } as PositionTarget, more);
    const after = await dump();
    expect(after.cursors).not.toEqual(before.cursors);
    if (more.parked === "clear") expect(after.parked).toEqual([]);
    if (more.state === "clear") expect(after.state).toEqual([]);
    if (more.parked === "redrive") {
      expect(
        await sql("SELECT DISTINCT state FROM parked_event WHERE consumer_id = $1 ORDER BY 1", [consumerId]),
      ).toEqual([{ state: "blocked" }, { state: "retrying" }]);
    }

    const undone = await undo(made.id);
    expect(await dump()).toEqual(before);
    expect(undone).toMatchObject({ undoOf: made.id, undoneBy: null, reason: "that was wrong" });
    expect(undone.changes[0]).toMatchObject({ from: made.changes[0]?.to, to: made.changes[0]?.from });

    const redone = await undo(undone.id);
    expect(await dump()).toEqual(after);
    const redoneTwice = await undo(redone.id);
    expect(await dump()).toEqual(before);
    const kept = await sql("SELECT DISTINCT change_id FROM position_change_restore WHERE consumer_id = $1", [
      consumerId,
    ]);
    expect(kept.length).toBeLessThanOrEqual(1);
    const saved = await sql<{ action: string; after: { undoOf?: string } }>(
      "SELECT action, after FROM audit_entry WHERE target = $1 AND action LIKE 'consumer.position%' ORDER BY id",
      [`consumer:${consumer}`],
    );
    expect(saved.map((it) => [it.action, it.after.undoOf])).toEqual([
      ["consumer.positions-changed", undefined],
      ["consumer.position-change-undone", made.id],
      ["consumer.position-change-undone", undone.id],
      ["consumer.position-change-undone", redone.id],
    ]);
    expect(redoneTwice.undoOf).toBe(redone.id);
  },
);

test("members are told of an undo as of a change: a reset, no reconnect, and nothing in flight settles", async () => {
  const joined = await member([9, 12, 13]);
  const made = await change({ to: "earliest" });
  await joined.until(() => joined.frame("reset")?.data.change === made.id);
  await joined.delivered(40);
  const inFlight = joined.deliveries.at(-1);
  const undone = await undo(made.id);
  await joined.until(() => joined.frame("reset")?.data.change === undone.id);
  expect(joined.frame("reset")?.data.partitions).toEqual([
    { partition: 0, epoch: 3 },
    { partition: 1, epoch: 3 },
  ]);
  if (inFlight === undefined) throw new Error("nothing is in flight");
  await expect(a.ack(consumer, [inFlight])).rejects.toMatchObject({ code: "stale-epoch" });
  await joined.delivered(43);
  expect(joined.offsets.slice(40)).toEqual([9, 12, 13]);
  expect(joined.deliveries.slice(40).map((it) => it.replay)).toEqual([false, false, false]);
  expect(joined.isEnded).toBe(false);
  await a.ack(consumer, joined.deliveries.slice(40));
  expect((await a.describe({ consumer })).topics[0]?.position).toBe(20);
});

test("only the newest change can be undone, the refusal names it, and the list tells which undid which", async () => {
  await member([]);
  const first = await change({ to: "offset", offset: 5 });
  const second = await change({ to: "earliest" });
  await expect(undo(first.id)).rejects.toMatchObject({
    code: "already-undone",
    details: { facts: { newest: second.id, undoneBy: null } },
  });
  const undone = await undo(second.id);
  await expect(undo(second.id)).rejects.toMatchObject({
    code: "already-undone",
    details: { facts: { newest: undone.id, undoneBy: undone.id } },
  });
  await expect(undo(randomUUID())).rejects.toMatchObject({ code: "position-change-not-found" });
  const { listPositionChanges } = await import("../../services/positions/list-position-changes.ts");
  const listed = await listPositionChanges({ database: db.database })({ consumer });
  expect(listed.map(({ id, undoOf, undoneBy }) => ({ id, undoOf, undoneBy }))).toEqual([
    { id: undone.id, undoOf: second.id, undoneBy: null },
    { id: second.id, undoOf: null, undoneBy: undone.id },
    { id: first.id, undoOf: null, undoneBy: null },
  ]);
});

test("two operators undo at once: one does, the other is told", async () => {
  await member([]);
  const made = await change({ to: "earliest" });
  const outcomes = await Promise.allSettled([
    a.undo({ consumer, id: made.id, reason: "one", actor }),
    b.undo({ consumer, id: made.id, reason: "two", actor }),
  ]);
  expect(outcomes.map((it) => it.status).sort()).toEqual(["fulfilled", "rejected"]);
  const refused = outcomes.find((it) => it.status === "rejected");
  expect(refused?.reason).toMatchObject({ code: "already-undone" });
});

test("an undo after the number of partitions changed delivers nothing again that had been settled, and skips nothing", async () => {
  const joined = await member([9, 12, 13]);
  const made = await change({ to: "earliest" });
  await joined.until(() => joined.frame("reset") !== undefined);
  await declare(3);
  await undo(made.id);
  const cursors = await sql<{ position: number; settled: string }>(
    "SELECT position, settled::text FROM cursor WHERE consumer_id = $1",
    [consumerId],
  );
  // The lowest of the positions that were saved, in every partition.
  expect(cursors).toEqual([1, 2, 3].map(() => ({ position: 8, settled: "{}" })));
  await joined.joined?.leave();
  const fresh = await b.join(consumer, "m2");
  await fresh.delivered(3);
  await b.ack(consumer, fresh.deliveries);
  await expect.poll(async () => (await b.describe({ consumer })).topics[0]?.position).toBe(20);
  expect(fresh.offsets.toSorted((x, y) => x - y)).toEqual([9, 12, 13]);
});

test("what a rerun does to parked events is taken back by the undo, while a member works all the time", async () => {
  const joined = await member([]);
  // k2 waits behind a dead letter, and k3 is dead at 13.
  await sql(
    `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max)
     SELECT $1, $2, o, 'k' || o % 10, 'kk' || o % 10, h, 't', CASE WHEN o = 12 THEN 'blocked' ELSE 'dead' END, 3, 3
     FROM (VALUES (2, $3::bigint), (12, $3::bigint), (13, $4::bigint)) AS v(o, h)`,
    [consumerId, topicId, keyHash("k2"), keyHash("k3")],
  );
  await sql("UPDATE lease SET parked_version = parked_version + 1 WHERE consumer_id = $1", [consumerId]);
  const before = await dump();
  const made = await change({ to: "earliest" });
  await joined.until(() => joined.frame("reset")?.data.change === made.id);
  // 3 fails, and goes before 13; 5 fails alone.
  const again = () => joined.deliveries.slice(20);
  await joined.until(() => again().some((it) => it.offset === 5), "5 again");
  const failing = again().filter((it) => it.offset === 3 || it.offset === 5);
  await a.settle(
    consumer,
    failing.map((it) => ({ ...acked(it), outcome: "dead-letter" as const, error: { name: "Oops", message: "no" } })),
  );
  expect((await dump()).parked).not.toEqual(before.parked);
  const undone = await undo(made.id);
  expect((await dump()).parked).toEqual(before.parked);
  expect(undone.changes[0]).toMatchObject({ to: 20 });
  expect((await a.describe({ consumer })).topics[0]?.position).toBe(20);
});

test("a change that cleared parked events has the undo put them back in place of those parked since", async () => {
  await (await member([])).joined?.leave();
  await park(3);
  const before = await dump();
  const cleared = await change({ to: "earliest" }, { parked: "clear" });
  await park(1);
  await sql(`UPDATE parked_event SET state = 'retrying', attempt = 4 WHERE consumer_id = $1`, [consumerId]);
  await undo(cleared.id);
  expect(await dump()).toEqual(before);
});

test("what was parked after the preview is not cleared, unless it runs again", async () => {
  await (await member([])).joined?.leave();
  const clearing = async (target: PositionTarget) => {
    await park(5);
    const { id: planId, token } = await a.plan({ consumer, target, parked: "clear", actor });
    await park(8, 7);
    await a.change({ consumer, planId, token, reason: "let them go", actor });
    return sql<{ left: string }>(
      `SELECT "offset" || ' ' || state AS left FROM parked_event WHERE consumer_id = $1 ORDER BY "offset"`,
      [consumerId],
    );
  };
  // 7 and 8 waited behind 2 and 3, which are gone.
  expect(await clearing({ to: "latest" })).toEqual([{ left: "7 retrying" }, { left: "8 retrying" }]);
  await sql("DELETE FROM parked_event WHERE consumer_id = $1", [consumerId]);
  expect(await clearing({ to: "earliest" })).toEqual([]);
});

test("what was redriven well since a change that kept parked events does not come back with the undo", async () => {
  await (await member([])).joined?.leave();
  await park(3);
  const made = await change({ to: "earliest" });
  await sql(`DELETE FROM parked_event WHERE consumer_id = $1 AND "offset" = 3`, [consumerId]);
  const now = (await dump()).parked;
  await undo(made.id);
  expect((await dump()).parked).toEqual(now);
});

test("a discarded event that runs again is no longer discarded; the undo discards it again, and its followers go on", async () => {
  await (await member([])).joined?.leave();
  await park(7);
  const before = await dump();
  const discarded = () =>
    sql(`SELECT "offset" FROM parked_event WHERE consumer_id = $1 AND state = 'discarded'`, [consumerId]);
  const made = await change({ to: "offset", offset: 6 });
  expect(await discarded()).toEqual([]);
  await undo(made.id);
  expect(await dump()).toEqual(before);
  // It fails again meanwhile, and an event that comes for the first time waits behind it.
  await sql(`DELETE FROM parked_event WHERE consumer_id = $1 AND "offset" = 1`, [consumerId]);
  await publish(a, topicId, { count: 10 });
  const again = await change({ to: "offset", offset: 6 });
  await sql(
    `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max)
     VALUES ($1, $2, 6, 'k1', 'kk1', 1, 't', 'dead', 5, 5), ($1, $2, 26, 'k1', 'kk1', 1, 't', 'blocked', 0, 5)`,
    [consumerId, topicId],
  );
  await undo(again.id);
  expect(await discarded()).toEqual([{ offset: 6 }]);
  expect(
    await sql(`SELECT "offset", state FROM parked_event WHERE consumer_id = $1 AND key = 'k1' ORDER BY 1`, [
      consumerId,
    ]),
  ).toEqual([
    { offset: 6, state: "discarded" },
    { offset: 26, state: "retrying" },
  ]);
});

test("what a replay has under way runs again by a move back, which an abort of the replay does not take away; the undo gives it back", async () => {
  await (await member([])).joined?.leave();
  const runner = a.startOperations();
  const replay = await a.replay({ consumer, topic, toOffset: 4, reason: "again", actor });
  await expect.poll(async () => (await a.operation({ id: replay.id })).done, { timeout: 5_000 }).toBe(4);
  await runner.close();
  // Behind the replayed 2 of its key a dead letter waits.
  await sql(
    `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max)
     VALUES ($1, $2, 12, 'k2', 'kk2', $3, 'even', 'blocked', 3, 3)`,
    [consumerId, topicId, keyHash("k2")],
  );
  const before = await dump();
  const plan = await a.plan({ consumer, target: { to: "earliest" }, actor });
  expect(plan.changes[0]).toMatchObject({ rerun: 19 });
  const made = await a.change({ consumer, planId: plan.id, token: plan.token, reason: "wrong rate", actor });
  expect(await a.parked(consumer)).toEqual([`${topic}/12 dead 3`]);
  await undo(made.id);
  expect(await dump()).toEqual(before);

  await change({ to: "earliest" });
  await a.steer({ id: replay.id, verb: "abort", actor });
  const again = await b.join(consumer, "m2");
  await again.delivered(19);
  expect(again.offsets.toSorted((x, y) => x - y).slice(0, 4)).toEqual([1, 2, 3, 4]);
});

test("an undo puts parked events back in the sequences of the order that was declared since", async () => {
  await (await member([])).joined?.leave();
  await park(3);
  const before = await a.parked(consumer);
  const made = await change({ to: "latest" }, { parked: "clear" });
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], ordering: "topic" });
  expect(await undo(made.id)).toMatchObject({ undoOf: made.id });
  expect((await a.parked(consumer)).map((it) => it.split(" ")[0])).toEqual(before.map((it) => it.split(" ")[0]));
  const { rows } = await db.database.pool.query<{ sequence: string; heads: number }>(
    `SELECT sequence, count(*) FILTER (WHERE state IN ('retrying', 'dead'))::int AS heads FROM parked_event
     WHERE consumer_id = $1 AND state <> 'discarded' GROUP BY sequence ORDER BY sequence`,
    [consumerId],
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) expect(row).toEqual({ sequence: expect.stringMatching(/^p\d$/), heads: 1 });
});

test("20,000 parked events are cleared and put back within seconds", async () => {
  await sql(
    `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max, error_name,
       error_message, fingerprint)
     SELECT $1, $2, o, 'k' || o % 2000, 'kk' || o % 2000, ($3::bigint[])[o % 2000 + 1], 't', CASE WHEN o <= 2000 THEN 'dead' ELSE 'blocked' END, 5, 5, 'Oops',
       'it is over', 'f1'
     FROM generate_series(1, 20000) AS o`,
    [consumerId, topicId, Array.from({ length: 2000 }, (_, i) => keyHash(`k${i}`))],
  );
  await sql("UPDATE cursor SET position = 10 WHERE consumer_id = $1", [consumerId]);
  const digest = () =>
    sql(
      `SELECT count(*), md5(string_agg(p::text, '' ORDER BY "offset")) AS md5 FROM parked_event p WHERE consumer_id = $1`,
      [consumerId],
    );
  const before = await digest();
  const started = performance.now();
  const made = await change({ to: "earliest" }, { parked: "clear" });
  const cleared = performance.now();
  expect(await digest()).toEqual([{ count: 0, md5: null }]);
  await undo(made.id);
  const restored = performance.now();
  expect(await digest()).toEqual(before);
  expect(cleared - started).toBeLessThan(8_000);
  expect(restored - cleared).toBeLessThan(12_000);
  // Kept ones are saved as well, for what a rerun may do to them.
  await undo((await change({ to: "earliest" }, { parked: "keep" })).id);
  expect(await digest()).toEqual(before);
  expect(performance.now() - restored).toBeLessThan(15_000);
}, 60_000);
