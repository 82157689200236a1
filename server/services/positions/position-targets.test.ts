import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { PositionPlanRequest, PositionTarget } from "../../contract/position-changes.ts";
import { createTopic, type Instance, openInstance, publish } from "../../engine/testing/consumer-rig.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";

const actor = { name: "person:ada@example.org", requestId: "r1" };
let db: TestDatabase;
let a: Instance;
let [orders, refunds, consumer, other] = ["", "", "", ""];
let ids: readonly [orders: number, refunds: number] = [0, 0];
let run = 0;

beforeAll(async () => {
  db = await testDatabase();
  a = openInstance(db.url);
});
afterAll(async () => {
  await a.close();
  await db.drop();
});
beforeEach(async () => {
  run += 1;
  [orders, refunds, consumer, other] = [`orders-${run}`, `refunds-${run}`, `billing-${run}`, `ledger-${run}`];
  ids = [await createTopic(db.database, orders), await createTopic(db.database, refunds)];
  await publish(a, ids[0], { count: 30 });
  await publish(a, ids[1], { count: 8 });
  await a.declare(consumer, {
    topics: [
      { topic: orders, start: "earliest" },
      { topic: refunds, start: "earliest" },
    ],
  });
  await stand(consumer, { [orders]: 20, [refunds]: 5 });
});

async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await db.database.pool.query<Row>(text, values)).rows;
}

/** Puts a consumer to positions as if it had settled everything up to there. */
async function stand(name: string, positions: Record<string, number>): Promise<void> {
  for (const [topic, position] of Object.entries(positions)) {
    await sql(
      `UPDATE cursor SET position = $3 WHERE consumer_id = (SELECT id FROM consumer WHERE name = $1)
         AND topic_id = (SELECT id FROM topic WHERE name = $2)`,
      [name, topic, position],
    );
  }
}

const plan = (target: PositionTarget, more: Partial<PositionPlanRequest> = {}) =>
  a.plan({ consumer, target, ...more, actor });
const positions = async (target: PositionTarget, more: Partial<PositionPlanRequest> = {}) =>
  (await plan(target, more)).changes.map((it) => [it.topic, it.to]);

test("earliest, latest, an offset and a shift are taken in every topic, within what it holds", async () => {
  expect(await positions({ to: "earliest" })).toEqual([
    [orders, 0],
    [refunds, 0],
  ]);
  expect(await positions({ to: "latest" })).toEqual([
    [orders, 30],
    [refunds, 8],
  ]);
  expect(await positions({ to: "offset", offset: 4 })).toEqual([
    [orders, 3],
    [refunds, 3],
  ]);
  expect(await positions({ to: "shift", by: -7 })).toEqual([
    [orders, 13],
    [refunds, 0],
  ]);
  expect(await positions({ to: "shift", by: 6 })).toEqual([
    [orders, 26],
    [refunds, 8],
  ]);
  await sql("UPDATE topic_head SET tail = 11 WHERE topic_id = $1", [ids[0]]);
  expect(await positions({ to: "earliest" }, { topics: [orders] })).toEqual([[orders, 10]]);
  expect(await positions({ to: "shift", by: -15 }, { topics: [orders] })).toEqual([[orders, 10]]);
});

test("a time and a duration lead to the first event recorded from then on", async () => {
  // In a topic of its own: recorded times cannot be rewritten.
  const timed = `timed-${run}`;
  const topicId = await createTopic(db.database, timed);
  await sql(
    `INSERT INTO event (topic_id, "offset", recorded_at, id, type, attributes)
     SELECT $1, o, now() - interval '10 minutes' + o * interval '1 minute', 'e' || o, 't', '{"source":"/"}'
     FROM generate_series(1, 9) AS o`,
    [topicId],
  );
  await sql("UPDATE topic_head SET head = 9 WHERE topic_id = $1", [topicId]);
  await a.declare(`timer-${run}`, { topics: [{ topic: timed, start: "latest" }] });
  const to = async (target: PositionTarget) =>
    (await a.plan({ consumer: `timer-${run}`, target, actor })).changes[0]?.to;
  // Event 6 was recorded 4 minutes ago.
  expect(await to({ to: "duration", ms: 4.5 * 60_000 })).toBe(5);
  expect(await to({ to: "duration", ms: Number.MAX_SAFE_INTEGER })).toBe(0);
  expect(await to({ to: "duration", ms: 1 })).toBe(9);
  expect(await to({ to: "time", time: new Date(Date.now() - 6.5 * 60_000).toISOString() })).toBe(3);
});

test("another consumer's lowest position is taken in each topic; topics it lacks are refused by name unless left out", async () => {
  await a.declare(other, { topics: [{ topic: orders, start: "earliest" }], partitions: 3 });
  await sql(
    "UPDATE cursor SET position = 10 + partition WHERE consumer_id = (SELECT id FROM consumer WHERE name = $1)",
    [other],
  );
  await expect(plan({ to: "consumer", consumer: other })).rejects.toMatchObject({
    code: "invalid-input",
    details: { fields: [{ field: "target.consumer", message: expect.stringContaining(refunds) }] },
  });
  expect(await positions({ to: "consumer", consumer: other }, { topics: [orders] })).toEqual([[orders, 10]]);
  await expect(plan({ to: "consumer", consumer: "nobody" })).rejects.toMatchObject({
    code: "invalid-input",
    details: { fields: [{ field: "target.consumer" }] },
  });
});

test("just before an event moves its topic alone; an event that is not there is refused by field", async () => {
  expect(await positions({ to: "before", topic: orders, offset: 12 })).toEqual([[orders, 11]]);
  const refused = (target: PositionTarget, field: string, more: Partial<PositionPlanRequest> = {}) =>
    expect(plan(target, more)).rejects.toMatchObject({ code: "invalid-input", details: { fields: [{ field }] } });
  await refused({ to: "before", topic: "nope", offset: 1 }, "target.topic");
  await refused({ to: "before", topic: orders, offset: 31 }, "target.offset");
  await refused({ to: "before", topic: orders, offset: 3 }, "topics", { topics: [refunds] });
  const { id, token } = await plan({ to: "before", topic: orders, offset: 10 });
  await sql("UPDATE topic_head SET tail = 11 WHERE topic_id = $1", [ids[0]]);
  await refused({ to: "before", topic: orders, offset: 10 }, "target.offset");
  // Nor is the plan from before applied to whatever event comes instead.
  await expect(a.change({ consumer, planId: id, token, reason: "again", actor })).rejects.toMatchObject({
    code: "invalid-input",
    details: { fields: [{ field: "target.offset" }] },
  });
});

test("the plan says what runs again, from which event to which, within the filter", async () => {
  await a.declare(consumer, { topics: [{ topic: orders, start: "earliest", types: ["even"] }] });
  const back = await plan({ to: "offset", offset: 6 });
  expect(back.changes).toEqual([
    {
      topic: orders,
      from: 20,
      to: 5,
      rerun: 8,
      skip: 0,
      firstEvent: { offset: 6, type: "even", recordedAt: expect.any(String) },
      lastEvent: { offset: 20, type: "even", recordedAt: expect.any(String) },
    },
  ]);
  const forward = await plan({ to: "latest" });
  expect(forward.changes[0]).toMatchObject({
    rerun: 0,
    skip: 5,
    firstEvent: { offset: 22 },
    lastEvent: { offset: 30 },
  });
  expect((await plan({ to: "offset", offset: 21 })).changes[0]).toMatchObject({
    rerun: 0,
    skip: 0,
    firstEvent: null,
    lastEvent: null,
  });
});

test("types that are never delivered as a replay are not counted as running again; a skip counts them", async () => {
  const wary = `wary-${run}`;
  await a.declare(wary, { topics: [{ topic: orders, start: "earliest", liveOnly: ["odd"] }], partitions: 2 });
  const member = await a.join(wary, "m1");
  await member.delivered(30);
  const ahead = member.deliveries.filter((it) => it.partition === 1 || it.offset <= 10);
  await a.ack(wary, ahead);
  const to = async (target: PositionTarget) => (await a.plan({ consumer: wary, target, actor })).changes[0];
  const even = ahead.filter((it) => it.offset % 2 === 0);
  expect(await to({ to: "earliest" })).toMatchObject({ to: 0, rerun: even.length, firstEvent: { offset: 2 } });
  expect(await to({ to: "latest" })).toMatchObject({ to: 30, skip: 30 - ahead.length });
  const { id, token } = await a.plan({ consumer: wary, target: { to: "earliest" }, actor });
  await a.change({ consumer: wary, planId: id, token, reason: "again", actor });
  await member.delivered(30 + even.length);
  await member.until(() => member.offsets.slice(30).includes(even.at(-1)?.offset ?? 0));
  expect(member.deliveries.slice(30).filter((it) => it.replay && it.offset % 2 === 1)).toEqual([]);
});

test("events that partitions ahead have settled are counted as running again, and not as skipped", async () => {
  const wide = `wide-${run}`;
  await a.declare(wide, { topics: [{ topic: orders, start: "earliest" }], partitions: 2 });
  const member = await a.join(wide, "m1");
  await member.delivered(30);
  const ahead = member.deliveries.filter((it) => it.partition === 1);
  await a.ack(wide, ahead);
  const to = async (target: PositionTarget) => (await a.plan({ consumer: wide, target, actor })).changes[0];
  const lowest = Math.min(...member.deliveries.filter((it) => it.partition === 0).map((it) => it.offset)) - 1;
  expect(await to({ to: "earliest" })).toMatchObject({
    from: lowest,
    to: 0,
    rerun: ahead.length,
    lastEvent: { offset: ahead.at(-1)?.offset },
  });
  expect(await to({ to: "latest" })).toMatchObject({ from: lowest, to: 30, skip: 30 - ahead.length });
});

test("the plan counts parked events and state entries, names the members, and estimates from what was measured", async () => {
  const { id } = (await sql<{ id: number }>("SELECT id FROM consumer WHERE name = $1", [consumer]))[0] ?? { id: 0 };
  await sql(
    `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max, is_rerun)
     SELECT $1, $2, o, 'k', 'kk', 1, 't', s, t, 5, r FROM (VALUES (1, 'dead', 5, false), (2, 'blocked', 0, false),
       (3, 'blocked', 0, false), (4, 'discarded', 5, false), (5, 'blocked', 0, true)) AS v(o, s, t, r)`,
    [id, ids[0]],
  );
  await sql("INSERT INTO state_entry (consumer_id, key, value, version) VALUES ($1, 'a', '1', 1), ($1, 'b', '2', 1)", [
    id,
  ]);
  const member = await a.join(consumer, "m1");
  await member.until(() => member.frame("assignment") !== undefined);
  const unmeasured = await plan({ to: "earliest" }, { parked: "clear", state: "clear" });
  expect(unmeasured).toMatchObject({
    parked: { action: "clear", counts: { retrying: 0, dead: 1, blocked: 2, discarded: 1 } },
    state: { action: "clear", entries: 2 },
    members: ["m1"],
    estimatedMs: null,
  });
  expect((await plan({ to: "latest" })).estimatedMs).toBe(0);
  // A dead letter and two that wait behind it do not run again by a move that keeps them; a discarded event does.
  const rerun = async (parked: "keep" | "clear") =>
    (await plan({ to: "earliest" }, { parked, topics: [orders] })).changes[0]?.rerun;
  await sql("DELETE FROM parked_event WHERE consumer_id = $1 AND is_rerun", [id]);
  expect([await rerun("keep"), await rerun("clear")]).toEqual([17, 20]);
  await sql(
    `INSERT INTO consumer_sample (consumer_id, topic_id, resolution_s, at, lag, lag_ms, settled_count, failed_count, parked)
     SELECT $1, t, 10, now() - s * interval '1 second', 0, 0,
       1000 - least(s, 50) * r - greatest(s - 50, 0), 0, 0
     FROM (VALUES (1, 3), (2, 2)) AS v(t, r), generate_series(0, 100, 10) AS s`,
    [id],
  );
  // 22 events at 3 + 2 a second, the fastest it went.
  expect((await plan({ to: "earliest" })).estimatedMs).toBe(4_400);
  expect((await plan({ to: "earliest" }, { topics: [refunds] })).parked.counts.dead).toBe(0);
});
