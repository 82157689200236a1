import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Target } from "../../domain/access.ts";
import { describeTopic } from "../../services/topics/describe-topic.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { purgeStep } from "../bin-purge.ts";
import { acked, createTopic, type Instance, openInstance, publish } from "../testing/consumer-rig.ts";
import { retentionStep } from "../topics/retention.ts";

let db: TestDatabase;
let a: Instance;
let b: Instance;
let topic = "";
let topicId = 0;
let consumer = "";
let n = 0;

const actor = { name: "person:ada@example.org", requestId: "r-1" };
const asked = { isDryRun: false, mayRead: () => true, actor };

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  n += 1;
  topic = `orders-${n}`;
  consumer = `billing-${n}`;
  a = openInstance(db.url);
  b = openInstance(db.url);
  topicId = await createTopic(db.database, topic);
});
afterEach(async () => {
  await a.close();
  await b.close();
  expect([...a.errors, ...b.errors]).toEqual([]);
});

/** Removes it as an operator does: what the dry run says first. Returns what went to the bin. */
async function removeTopic(name = topic) {
  const { token } = await a.removeTopic({ ...asked, topic: name, isDryRun: true, token: undefined, reason: undefined });
  const { removed } = await a.removeTopic({ ...asked, topic: name, token, reason: "retired" });
  if (removed === null) throw new Error("it was not removed");
  return removed;
}

async function removeConsumer(name = consumer) {
  const of = { ...asked, consumer: name };
  const { token } = await a.removeConsumer({ ...of, isDryRun: true, token: undefined, reason: undefined });
  const { removed } = await a.removeConsumer({ ...of, token, reason: "retired" });
  if (removed === null) throw new Error("it was not removed");
  return removed;
}

const restore = (id: string, as?: string) =>
  a.restoreRemoved({ id, ...(as !== undefined && { as }), mayRestore: () => undefined, reason: "needed", actor });

/** All that the database keeps of a consumer, but for what rises with each change of it. */
async function everythingOf(name: string): Promise<unknown> {
  const { rows } = await db.database.pool.query(
    `SELECT
      (SELECT json_agg(c ORDER BY c.topic_id, c.partition) FROM cursor c WHERE c.consumer_id = o.id) AS cursors,
      (SELECT json_agg(s ORDER BY s.topic_id) FROM subscription s WHERE s.consumer_id = o.id) AS subscriptions,
      (SELECT json_agg(p ORDER BY p.topic_id, p."offset") FROM parked_event p WHERE p.consumer_id = o.id) AS parked,
      (SELECT json_agg(d ORDER BY d.topic_id, d."offset", d.attempt) FROM delivery_attempt d WHERE d.consumer_id = o.id) AS attempts,
      (SELECT json_agg(e ORDER BY e.key) FROM state_entry e WHERE e.consumer_id = o.id) AS state,
      (SELECT json_agg(x ORDER BY x.applied_at) FROM position_change x WHERE x.consumer_id = o.id) AS changes
     FROM consumer o WHERE o.name = $1 OR '~' || o.id = o.name AND o.id = (
       SELECT target_id FROM bin_entry WHERE kind = 'consumer' AND name = $1)`,
    [name],
  );
  return rows[0];
}

/** A consumer with a position, events settled above it, parked ones, state, and a position change. */
async function workOn(name = consumer): Promise<void> {
  await publish(a, topicId, { count: 40 });
  await a.declare(name, { topics: [{ topic, start: "earliest" }], partitions: 2 });
  const member = await a.join(name, "m1");
  await member.delivered(40);
  const { deliveries } = member;
  await a.ack(name, deliveries.slice(0, 20), { state: { set: { seen: 20 } } });
  await a.retry(name, deliveries.slice(21, 22));
  await a.ack(name, deliveries.slice(30, 35));
  await member.joined?.goodbye();
  const plan = await a.plan({ consumer: name, target: { to: "shift", by: -2 }, actor });
  await a.change({ consumer: name, planId: plan.id, token: plan.token, reason: "again", actor });
}

test("a removed consumer is nowhere, its members everywhere are told, and it is restored exactly", async () => {
  await workOn();
  const [here, there] = [await a.join(consumer, "here"), await b.join(consumer, "there")];
  await here.delivered(1);
  const [first] = here.deliveries;
  if (first === undefined) throw new Error("nothing was delivered");

  const removed = await removeConsumer();
  const inBin = await everythingOf(consumer);
  expect(removed).toMatchObject({ kind: "consumer", name: consumer, removedBy: actor.name, reason: "retired" });
  expect(removed.holds).toMatchObject({ topics: [topic], members: 2, stateEntries: 1 });
  expect(removed.holds.parked).toBeGreaterThan(0);
  for (const member of [here, there]) {
    await member.until(() => member.isEnded, "the end of the stream");
    expect(member.frame("removed")).toBeDefined();
    expect(member.frames.at(-1)?.event).toBe("removed");
  }
  await expect(a.ack(consumer, [first])).rejects.toMatchObject({ code: "consumer-not-found" });
  await expect(b.join(consumer, "late")).rejects.toMatchObject({ code: "consumer-not-found" });
  await expect(a.describe({ consumer })).rejects.toMatchObject({ code: "consumer-not-found" });
  expect((await a.bin()).entries.map((it) => it.id)).toContain(removed.id);

  expect(await restore(removed.id)).toEqual({ kind: "consumer", name: consumer });
  expect(await everythingOf(consumer)).toEqual(inBin);
  expect((await a.bin()).entries.map((it) => it.id)).not.toContain(removed.id);
  const audit = await db.database.pool.query(
    "SELECT actor, action, reason FROM audit_entry WHERE target = $1 AND action ~ 're(moved|stored)' ORDER BY id",
    [`consumer:${consumer}`],
  );
  expect(audit.rows).toEqual([
    { actor: actor.name, action: "consumer.removed", reason: "retired" },
    { actor: actor.name, action: "consumer.restored", reason: "needed" },
  ]);
  const again = await b.join(consumer, "here");
  await again.until(() => again.frame("caught-up") !== undefined, "the end");
  expect(again.offsets.length).toBeGreaterThan(0);
  // What was in flight when it was removed can settle nothing after.
  await expect(a.ack(consumer, [first])).rejects.toMatchObject({ code: "stale-epoch" });
});

test("a removed topic is delivered no more, its consumers keep their place, and go on from there when it is restored", async () => {
  await workOn();
  const other = `${topic}-other`;
  const otherId = await createTopic(db.database, other);
  await a.declare(consumer, { topics: [{ topic }, { topic: other, start: "earliest" }] });
  const before = await everythingOf(consumer);
  const member = await b.join(consumer, "m1");
  await member.until(() => member.frame("caught-up") !== undefined, "the end");

  const removed = await removeTopic();
  const inBin = await everythingOf(consumer);
  expect(removed.holds).toMatchObject({ consumers: [consumer], events: 40, members: 1 });
  expect(removed.holds.parked).toBeGreaterThan(0);
  await member.until(() => member.frame("revoked") !== undefined, "the end of the old epochs");
  await publish(a, otherId, { count: 3 });
  await member.until(() => member.deliveries.filter((it) => it.topic === other).length === 3, "the other topic");
  const description = await a.describe({ consumer });
  expect(description.topics.map((it) => it.topic)).toEqual([other]);
  expect(description.removedTopics).toEqual([topic]);
  expect(await a.parked(consumer)).toEqual([]);
  const late = member.deliveries.find((it) => it.topic === topic);
  if (late === undefined) throw new Error("nothing of it was in flight");
  await expect(a.ack(consumer, [late])).rejects.toMatchObject({ code: "stale-epoch" });
  await a.ack(
    consumer,
    member.deliveries.filter((it) => it.topic === other),
  );

  await expect(a.declare(consumer, { topics: [{ topic }] })).rejects.toMatchObject({
    details: { fields: [{ field: "topics[0].topic", message: expect.stringContaining("in the bin") }] },
  });

  await restore(removed.id);
  type Kept = Record<string, { topic_id?: number }[] | null>;
  const kept = (of: unknown) => JSON.parse(JSON.stringify(of)) as Kept;
  const was: Kept = { ...kept(inBin), parked: kept(before).parked ?? null };
  const is = kept(await everythingOf(consumer));
  for (const name of ["cursors", "subscriptions", "parked", "attempts"] as const) {
    // `inherited` says where the present stretch began: the restore.
    const ofTopic = (rows: Kept[string] | undefined) =>
      rows?.filter((it) => it.topic_id === topicId).map((it) => ({ ...it, inherited: null }));
    expect(ofTopic(is[name])).toEqual(ofTopic(was[name]));
  }
  const delivered = member.deliveries.length;
  await publish(a, topicId, { count: 1 });
  await member.until(() => member.deliveries.slice(delivered).some((it) => it.offset === 41), "the new event");
});

test("a name in the bin is another topic's, with ids and offsets of its own, and a restore names the clash", async () => {
  await publish(a, topicId, { count: 5 });
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const removed = await removeTopic();
  const anew = await createTopic(db.database, topic);
  // The same source and ids as before: they are unique within one incarnation.
  await publish(a, anew, { count: 2 });
  await expect(restore(removed.id)).rejects.toMatchObject({
    code: "name-taken",
    message: expect.stringContaining(topic),
  });
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const member = await a.join(consumer, "m1");
  await member.delivered(2);
  expect(member.offsets).toEqual([1, 2]);
  await a.ack(consumer, member.deliveries);
  await member.joined?.goodbye();

  // Declared without it, the consumer has dropped it: it is back when it is named again.
  const old = `${topic}-old`;
  expect(await restore(removed.id, old)).toEqual({ kind: "topic", name: old });
  expect((await a.describe({ consumer })).topics.map((it) => [it.topic, it.position])).toEqual([[topic, 2]]);
  await a.declare(consumer, { topics: [{ topic }, { topic: old }] });
  const again = await b.join(consumer, "m2");
  await again.delivered(5);
  expect(again.deliveries.map((it) => [it.topic, it.offset])).toEqual([1, 2, 3, 4, 5].map((it) => [old, it]));
});

test("a removal is refused when something else hangs on it than was previewed, and nothing is removed", async () => {
  await publish(a, topicId, { count: 1 });
  const preview = { ...asked, topic, isDryRun: true, token: undefined, reason: undefined };
  const { token, holds, removed } = await a.removeTopic(preview);
  expect(removed).toBeNull();
  expect(holds).toMatchObject({ consumers: [], events: 1, unnamed: 0 });
  await expect(a.removeTopic({ ...asked, topic, token: undefined, reason: "x" })).rejects.toMatchObject({
    code: "invalid-input",
  });
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const fresh = await a.removeTopic({ ...asked, topic, token, reason: "x" }).catch((error: unknown) => error);
  expect(fresh).toMatchObject({
    code: "removal-outdated",
    details: { facts: { removal: { holds: { consumers: [consumer] } } } },
  });
  expect((await a.bin()).entries.filter((it) => it.name === topic)).toEqual([]);
  // Ordinary progress counts for nothing.
  const again = await a.removeTopic(preview);
  await publish(a, topicId, { count: 10 });
  expect(await a.removeTopic({ ...asked, topic, token: again.token, reason: "x" })).toMatchObject({
    holds: { events: 11 },
    removed: { name: topic },
  });
});

test("names that the caller may not read are counted, and the token stands for them all the same", async () => {
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const of = { ...asked, topic, mayRead: (it: Target) => JSON.stringify(it) === JSON.stringify({ topic }) };
  const { token, holds } = await a.removeTopic({ ...of, isDryRun: true, token: undefined, reason: undefined });
  expect(holds).toMatchObject({ consumers: [], unnamed: 1 });
  expect((await a.removeTopic({ ...of, token, reason: "x" })).removed?.holds).toMatchObject({
    consumers: [],
    unnamed: 1,
  });
});

test("parked events come back in the sequences of the order that was declared meanwhile", async () => {
  await workOn();
  const heads = async () => (await a.parked(consumer)).length;
  const before = await heads();
  expect(before).toBeGreaterThan(0);
  const removed = await removeTopic();
  await a.declare(consumer, { ordering: "topic" });
  await restore(removed.id);
  expect(await heads()).toBe(before);
  const { rows } = await db.database.pool.query<{ sequence: string; heads: number }>(
    `SELECT sequence, count(*) FILTER (WHERE state IN ('retrying', 'dead'))::int AS heads
     FROM parked_event WHERE topic_id = $1 GROUP BY sequence`,
    [topicId],
  );
  for (const row of rows) expect(row).toEqual({ sequence: expect.stringMatching(/^p\d$/), heads: 1 });
});

test("a topic and its consumer, both in the bin, come back in whichever order", async () => {
  await workOn();
  const before = await everythingOf(consumer);
  const [ofConsumer, ofTopic] = [await removeConsumer(), await removeTopic()];
  await restore(ofConsumer.id);
  expect((await a.describe({ consumer })).removedTopics).toEqual([topic]);
  expect(await a.parked(consumer)).toEqual([]);
  await restore(ofTopic.id);
  expect(await everythingOf(consumer)).toEqual(before);
});

/** Makes its days be over. */
const expire = (id: string) =>
  db.database.pool.query("UPDATE bin_entry SET removed_at = now() - interval '8 days' WHERE id = $1", [id]);

const TABLES = `SELECT table_name AS name FROM information_schema.columns
  WHERE table_schema = 'public' AND column_name = $1 ORDER BY 1`;

async function rowsLeft(column: "topic_id" | "consumer_id", id: number): Promise<Record<string, number>> {
  const tables = await db.database.pool.query<{ name: string }>(TABLES, [column]);
  const left: Record<string, number> = {};
  for (const { name } of tables.rows) {
    const { rows } = await db.database.pool.query<{ count: number }>(
      `SELECT count(*) AS count FROM ${name} WHERE ${column} = $1`,
      [id],
    );
    if (rows[0]?.count !== 0) left[name] = rows[0]?.count ?? 0;
  }
  return left;
}

test("what has been in the bin for its days is purged in steps that outlive a crash, and its name begins anew", async () => {
  await workOn();
  await publish(a, topicId, { count: 12_000 });
  const removed = await removeTopic();
  await expire(removed.id);
  expect(await purgeStep(db.database.pool)).toBe(true);
  const [entry] = (await a.bin()).entries.filter((it) => it.id === removed.id);
  expect(entry).toMatchObject({ isPurging: true, purged: 5_000 });
  // From the first step on it cannot be restored, whatever the setting says by then.
  await db.database.pool.query("UPDATE bin_entry SET removed_at = now() WHERE id = $1", [removed.id]);
  await expect(restore(removed.id)).rejects.toMatchObject({ code: "bin-entry-not-found" });
  // An instance that dies in the middle of a step: its transaction is rolled back, and others go on.
  const dying = await db.database.pool.connect();
  await dying.query("BEGIN");
  await dying.query("SELECT FROM bin_entry WHERE id = $1 FOR UPDATE", [removed.id]);
  await dying.query("SET LOCAL millrace.retention = 'on'");
  await dying.query("DELETE FROM event WHERE topic_id = $1", [topicId]);
  expect(await purgeStep(b.database.pool)).toBe(false);
  dying.release(new Error("it dies"));
  // The database lets go of its locks a moment after it noticed; until then others pass the entry over.
  await expect
    .poll(async () => {
      while (await purgeStep(b.database.pool));
      return rowsLeft("topic_id", topicId);
    })
    .toEqual({});
  expect((await a.bin()).entries.filter((it) => it.id === removed.id)).toEqual([]);
  const { rows } = await db.database.pool.query(
    "SELECT after FROM audit_entry WHERE action = 'topic.purged' AND target = $1",
    [`topic:${topic}`],
  );
  expect(rows).toMatchObject([{ after: { bin: removed.id, rows: expect.any(Number) } }]);
  expect((await a.describe({ consumer })).topics).toEqual([]);

  const anew = await createTopic(db.database, topic);
  expect(anew).not.toBe(topicId);
  await publish(a, anew, { count: 3 });
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const member = await a.join(consumer, "m1");
  await member.delivered(3);
  expect(member.deliveries.map((it) => [it.offset, it.replay])).toEqual([1, 2, 3].map((it) => [it, false]));
});

test("a purged consumer leaves nothing but its audit", async () => {
  await workOn();
  const { rows } = await db.database.pool.query<{ id: number }>("SELECT id FROM consumer WHERE name = $1", [consumer]);
  const consumerId = rows[0]?.id ?? 0;
  const removed = await removeConsumer();
  await expire(removed.id);
  while (await purgeStep(db.database.pool));
  expect(await rowsLeft("consumer_id", consumerId)).toEqual({});
  const left = await db.database.pool.query("SELECT FROM consumer WHERE id = $1", [consumerId]);
  expect(left.rowCount).toBe(0);
});

test("a pull that waits hears at once that its consumer was removed", async () => {
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const begun = await b.pull(consumer, { member: "p1" });
  const waiting = b.pull(consumer, { member: "p1", session: begun.session, waitMs: 30_000 });
  const over = expect(waiting).rejects.toMatchObject({ code: "consumer-not-found" });
  await removeConsumer();
  await over;
});

test("a consumer in the bin holds up no retention, and what it was to get is expired when it is back", async () => {
  await publish(a, topicId, { count: 10 });
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const removed = await removeConsumer();
  await db.database.pool.query(`UPDATE topic SET retention = '{"maxEvents":2}' WHERE id = $1`, [topicId]);
  // What it has not read is kept, past the bound, but is said to wait for nobody.
  expect((await describeTopic({ database: db.database })({ topic })).heldUp).toBeNull();
  while ((await retentionStep(db.database.pool, topicId)) > 0);
  await restore(removed.id);
  expect(await a.account({ consumer, topic })).toMatchObject([{ expired: { count: 8 }, pending: { count: 2 } }]);
});

test("settlements of a consumer that has its name from one in the bin are its own, at every instance", async () => {
  await publish(a, topicId, { count: 2 });
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const old = await b.join(consumer, "m1");
  await old.delivered(2);
  const [first] = old.deliveries;
  if (first === undefined) throw new Error("nothing was delivered");
  await b.ack(consumer, [first]);
  await removeConsumer();
  await old.until(() => old.isEnded, "the end");
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const member = await a.join(consumer, "m1");
  await member.delivered(2);
  expect(
    await b.settle(
      consumer,
      member.deliveries.map((it) => acked(it)),
    ),
  ).toEqual({ settled: 2 });
});
