import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { testDatabase } from "../../testing/test-database.ts";
import { acked, createTopic, type Instance, openInstance, publish } from "../testing/consumer-rig.ts";

const actor = { name: "person:ada@example.org", requestId: "r1" };
let db: Awaited<ReturnType<typeof testDatabase>>;
let a: Instance;
let b: Instance;
let topic = "";
let consumer = "";
let topicId = 0;
let count = 0;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  count += 1;
  topic = `orders-${count}`;
  consumer = `billing-${count}`;
  topicId = await createTopic(db.database, topic);
  a = openInstance(db.url);
  b = openInstance(db.url);
});
afterEach(async () => {
  await Promise.all([a.close("crashed"), b.close("crashed")]);
});

async function startAt(settled: number, of: number) {
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions: 2 });
  await publish(a, topicId, { count: of });
  const member = await a.join(consumer, "m1");
  await member.delivered(of);
  await a.ack(
    consumer,
    member.deliveries.filter((it) => it.offset <= settled),
  );
  return member;
}

test("a running member is told of the reset and goes on from the new position; what it had in flight settles nothing", async () => {
  const member = await startAt(6, 10);
  const plan = await b.plan({ consumer, target: { to: "earliest" }, actor });
  expect(plan.changes).toMatchObject([{ topic, from: 6, to: 0, rerun: 6, skip: 0 }]);
  const change = await b.change({ consumer, planId: plan.id, token: plan.token, reason: "wrong tax rate", actor });
  expect(change).toMatchObject({ reason: "wrong tax rate", actor: actor.name, changes: [{ topic, from: 6, to: 0 }] });
  await member.delivered(20);
  expect(member.frame("reset")?.data).toEqual({
    change: change.id,
    partitions: [
      { partition: 0, epoch: 2 },
      { partition: 1, epoch: 2 },
    ],
  });
  expect(member.isEnded).toBe(false);
  const again = member.deliveries.slice(10);
  expect(again.map((it) => it.offset)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(again.filter((it) => it.replay).map((it) => it.offset)).toEqual([1, 2, 3, 4, 5, 6]);
  await expect(a.ack(consumer, member.deliveries.slice(0, 1))).rejects.toMatchObject({ code: "stale-epoch" });
  await a.ack(consumer, again);
  expect((await a.describe({ consumer })).topics[0]?.position).toBe(10);
});

test("a plan can be applied although the consumer moved on meanwhile, and applying it twice is the same as once", async () => {
  const member = await startAt(4, 10);
  const plan = await a.plan({ consumer, target: { to: "offset", offset: 2 }, actor });
  await a.ack(
    consumer,
    member.deliveries.filter((it) => it.offset <= 8),
  );
  const request = { consumer, planId: plan.id, token: plan.token, reason: "again", actor };
  const change = await a.change(request);
  expect(change.changes).toMatchObject([{ topic, from: 8, to: 1, rerun: 7, skip: 0 }]);
  expect(await a.change(request)).toEqual(change);
});

test("a change says what it does itself, within the filter, and not what the plan would have done", async () => {
  await a.declare(consumer, { topics: [{ topic, start: "earliest", types: ["even"] }] });
  await publish(a, topicId, { count: 30 });
  const standAt = (position: number) =>
    db.database.pool.query("UPDATE cursor SET position = $2 WHERE topic_id = $1", [topicId, position]);
  await standAt(20);
  const plan = await a.plan({ consumer, target: { to: "offset", offset: 6 }, actor });
  expect(plan.changes).toMatchObject([{ from: 20, to: 5, rerun: 8, lastEvent: { offset: 20 } }]);
  await standAt(29);
  const change = await a.change({ consumer, planId: plan.id, token: plan.token, reason: "r", actor });
  expect(change.changes).toMatchObject([{ from: 29, to: 5, rerun: 12, skip: 0, lastEvent: { offset: 28 } }]);
});

test("after another change, another layout, other filters or a skip that would repeat, the answer is a fresh plan", async () => {
  const member = await startAt(4, 10);
  const plan = () => a.plan({ consumer, target: { to: "offset", offset: 8 }, actor });
  const apply = (it: { id: string; token: string }) =>
    a.change({ consumer, planId: it.id, token: it.token, reason: "r", actor });
  const stale = (position: number) => ({
    code: "plan-outdated",
    details: { facts: { plan: { changes: [{ topic, from: position }] } } },
  });

  const skipping = await plan();
  expect(skipping.changes).toMatchObject([{ topic, from: 4, to: 7, rerun: 0, skip: 3 }]);
  await a.ack(consumer, member.deliveries);
  await expect(apply(skipping)).rejects.toMatchObject(stale(10));

  const [one, two] = [await plan(), await plan()];
  await apply(one);
  await expect(apply(two)).rejects.toMatchObject(stale(7));

  const beforeFilter = await plan();
  await a.declare(consumer, { topics: [{ topic, start: "earliest", types: ["even"] }], partitions: 2 });
  await expect(apply(beforeFilter)).rejects.toMatchObject({ code: "plan-outdated" });

  const beforeLayout = await plan();
  await a.declare(consumer, { topics: [{ topic, start: "earliest", types: ["even"] }], partitions: 3 });
  await expect(apply(beforeLayout)).rejects.toMatchObject({ code: "plan-outdated" });
  await expect(apply({ id: crypto.randomUUID(), token: "x" })).rejects.toMatchObject({ code: "plan-not-found" });
});

test("a wrong token changes nothing and is answered by a fresh plan", async () => {
  await startAt(4, 10);
  const plan = await a.plan({ consumer, target: { to: "earliest" }, parked: "clear", actor });
  const other = await a.plan({ consumer, target: { to: "earliest" }, parked: "keep", actor });
  for (const token of ["wrong", other.token]) {
    await expect(a.change({ consumer, planId: plan.id, token, reason: "r", actor })).rejects.toMatchObject({
      code: "plan-outdated",
      details: { facts: { plan: { token: plan.token, parked: { action: "clear" }, changes: [{ from: 4, to: 0 }] } } },
    });
  }
  expect((await a.describe({ consumer })).topics[0]?.position).toBe(4);
  // A token of now does not make a plan of then good.
  const forward = await a.plan({ consumer, target: { to: "latest" }, actor });
  await a.change({ consumer, planId: forward.id, token: forward.token, reason: "r", actor });
  const { token } = await a.plan({ consumer, target: { to: "earliest" }, parked: "clear", actor });
  await expect(a.change({ consumer, planId: plan.id, token, reason: "r", actor })).rejects.toMatchObject({
    code: "plan-outdated",
  });
});

test("two operators at once: one's plan is applied, the other gets a fresh one", async () => {
  await startAt(4, 10);
  const plans = [
    await a.plan({ consumer, target: { to: "earliest" }, actor }),
    await b.plan({ consumer, target: { to: "latest" }, actor }),
  ];
  const outcomes = await Promise.allSettled(
    plans.map((it, i) => (i === 0 ? a : b).change({ consumer, planId: it.id, token: it.token, reason: "r", actor })),
  );
  expect(outcomes.map((it) => it.status).sort()).toEqual(["fulfilled", "rejected"]);
  const refused = outcomes.find((it) => it.status === "rejected");
  const applied = outcomes.find((it) => it.status === "fulfilled");
  expect(refused?.reason).toMatchObject({
    code: "plan-outdated",
    details: { facts: { plan: { changes: [{ from: applied?.value.changes[0]?.to }] } } },
  });
});

test("a move forward repeats nothing: partitions ahead stay, and what was settled above the target stays settled", async () => {
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions: 2 });
  await publish(a, topicId, { count: 20 });
  const member = await a.join(consumer, "m1");
  await member.delivered(20);
  const slow = member.deliveries.filter((it) => it.partition === 0);
  await a.ack(
    consumer,
    member.deliveries.filter((it) => it.partition === 1 || it === slow.at(-1)),
  );
  const to = slow[1]?.offset ?? 0;
  const plan = await a.plan({ consumer, target: { to: "offset", offset: to + 1 }, actor });
  expect(plan.changes[0]).toMatchObject({ to, rerun: 0, skip: 2 });
  await a.change({ consumer, planId: plan.id, token: plan.token, reason: "skip", actor });
  await member.until(() => member.frame("reset") !== undefined);
  await member.delivered(20 + slow.length - 3);
  await a.ack(consumer, member.deliveries.slice(20));
  expect(member.offsets.slice(20)).toEqual(slow.slice(2, -1).map((it) => it.offset));
  expect(member.deliveries.slice(20).some((it) => it.replay)).toBe(false);
  expect((await a.describe({ consumer })).topics[0]?.position).toBe(20);
});

test("dead letters that a change redrives are delivered at once, with a full set of attempts", async () => {
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions: 2 });
  await publish(a, topicId, { count: 10 });
  const member = await a.join(consumer, "m1");
  await member.delivered(10);
  const [poisoned] = member.deliveries;
  if (poisoned === undefined) throw new Error("nothing was delivered");
  await a.ack(consumer, member.deliveries.slice(1));
  const error = { name: "Oops", message: "it broke" };
  await a.settle(consumer, [{ ...acked(poisoned), outcome: "dead-letter", error }]);
  const plan = await a.plan({ consumer, target: { to: "latest" }, parked: "redrive", actor });
  expect(plan).toMatchObject({ parked: { action: "redrive", counts: { dead: 1 } }, changes: [{ rerun: 0, skip: 0 }] });
  await a.change({ consumer, planId: plan.id, token: plan.token, reason: "cured", actor });
  await member.delivered(11);
  expect(member.deliveries[10]).toMatchObject({ offset: poisoned.offset, attempt: 2 });
  const { rows } = await db.database.pool.query("SELECT attempt, attempts_max FROM parked_event WHERE topic_id = $1", [
    topicId,
  ]);
  expect(rows).toEqual([{ attempt: 1, attempts_max: 6 }]);
  const audit = await db.database.pool.query<{ before: unknown; after: unknown; reason: string }>(
    "SELECT before, after, reason FROM audit_entry WHERE action = 'consumer.positions-changed' AND target = $1",
    [`consumer:${consumer}`],
  );
  expect(audit.rows).toMatchObject([
    {
      before: { positions: [{ topic, position: 10 }], parked: { dead: 1 } },
      after: { parked: "redrive" },
      reason: "cured",
    },
  ]);
});

test("a target past the head and a topic of others are refused by field", async () => {
  await startAt(0, 3);
  await expect(a.plan({ consumer, target: { to: "offset", offset: 5 }, actor })).rejects.toMatchObject({
    code: "invalid-input",
    details: { fields: [{ field: "target.offset" }] },
  });
  await expect(a.plan({ consumer, target: { to: "latest" }, topics: ["nope"], actor })).rejects.toMatchObject({
    details: { fields: [{ field: "topics[0]" }] },
  });
});

test("a time leads to the first event recorded at or after it", async () => {
  await startAt(0, 30);
  const { rows } = await db.database.pool.query<{ recorded_at: string }>(
    `SELECT recorded_at FROM event WHERE topic_id = $1 AND "offset" = 17`,
    [topicId],
  );
  const { rows: first } = await db.database.pool.query<{ offset: number }>(
    `SELECT min("offset") AS offset FROM event WHERE topic_id = $1 AND recorded_at >= $2`,
    [topicId, rows[0]?.recorded_at],
  );
  const time = rows[0]?.recorded_at ?? "";
  const plan = await a.plan({ consumer, target: { to: "time", time }, actor });
  expect(plan.changes[0]?.to).toBe((first[0]?.offset ?? 0) - 1);
  // A time that is yet to come names no event: `latest` is the word for the end.
  const later = a.plan({ consumer, target: { to: "time", time: "2999-01-01T00:00:00Z" }, actor });
  await expect(later).rejects.toMatchObject({ code: "invalid-input", details: { fields: [{ field: "target.time" }] } });
});

test("a dropped topic that comes back starts anew, whatever its former holder still settles", async () => {
  const other = `${topic}-other`;
  await createTopic(db.database, other);
  const member = await startAt(3, 10);
  await a.declare(consumer, { topics: [{ topic: other, start: "earliest" }], partitions: 2 });
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions: 2 });
  await expect(a.ack(consumer, member.deliveries.slice(0, 10))).rejects.toMatchObject({ code: "stale-epoch" });
  await member.delivered(20);
  expect(member.offsets.slice(10)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("declaring is idempotent, names the topics that do not exist, and keeps the positions when a filter changes", async () => {
  await startAt(10, 10);
  const declaration = { topics: [{ topic, start: "earliest" as const }], partitions: 2 };
  const before = await a.describe({ consumer });
  const again = await a.declare(consumer, declaration);
  expect(again.created).toBe(false);
  expect(again.description.updatedAt).toBe(before.updatedAt);
  const filtered = await a.declare(consumer, { ...declaration, topics: [{ topic, start: "latest", keyPrefix: "k1" }] });
  expect(filtered.description.topics[0]).toMatchObject({ position: 10, keyPrefix: "k1" });
  await expect(
    a.declare(consumer, {
      topics: [
        { topic, start: "earliest" },
        { topic: "nope", start: "earliest" },
      ],
    }),
  ).rejects.toMatchObject({
    code: "invalid-input",
    details: { fields: [{ field: "topics[1].topic" }] },
  });
  const { rows } = await db.database.pool.query("SELECT action FROM audit_entry WHERE target = $1 ORDER BY id", [
    `consumer:${consumer}`,
  ]);
  expect(rows.map((it) => (it as { action: string }).action)).toEqual(["consumer.declared", "consumer.changed"]);
});

test("a topic-ordered consumer that is moved past an event which stays parked waits behind it, until it is gone", async () => {
  await a.declare(consumer, {
    topics: [{ topic, start: "earliest" }],
    ordering: "topic",
    retry: { maxAttempts: 1, backoff: { delaysMs: [0] }, permanentErrors: [] },
  });
  await publish(a, topicId, { count: 4 });
  const member = await a.join(consumer, "m1");
  await member.delivered(4);
  await a.ack(consumer, member.deliveries.slice(0, 1));
  await a.retry(consumer, member.deliveries.slice(1, 2));
  await member.until(() => member.frame("paused")?.data.kind === "halted", "the halt");
  const plan = await a.plan({ consumer, target: { to: "offset", offset: 4 }, parked: "keep", actor });
  await a.change({ consumer, planId: plan.id, token: plan.token, reason: "skip", actor });
  expect(await a.parked(consumer)).toEqual([`${topic}/2 dead 1`]);
  await a.resume({ consumer, reason: "go on", actor });
  await member.delivered(5);
  await a.ack(consumer, member.deliveries.slice(4));
  await member.delivered(6);
  expect(member.offsets.slice(4)).toEqual([2, 4]);
});
