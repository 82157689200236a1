import { afterAll, beforeAll, expect, test } from "vitest";
import type { Retention } from "../../contract/topics.ts";
import { getAccount } from "../../services/insight/get-account.ts";
import { isProcessed } from "../../services/insight/is-processed.ts";
import { declareTopic } from "../../services/topics/declare-topic.ts";
import { describeTopic } from "../../services/topics/describe-topic.ts";
import { readEventsAt } from "../../store/topics/event-rows.ts";
import { claimRetention, deleteEvents } from "../../store/topics/retention-step.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { type Instance, openInstance, publish } from "../testing/consumer-rig.ts";
import { createRetention, retentionStep } from "./retention.ts";

let db: TestDatabase;
let instance: Instance;
beforeAll(async () => {
  db = await testDatabase();
  instance = openInstance(db.url);
});
afterAll(async () => {
  await instance.close("crashed");
  await db.drop();
});

const actor = { name: "person:ann", requestId: "r" };
const query = async (sql: string, values: unknown[] = []) => (await instance.database.pool.query(sql, values)).rows;
/** Of data `{}` and attributes `{"source":"/"}`. */
const EVENT_BYTES = 2 + 14;
let topics = 0;

async function openTopic(retention: Retention | null, { count = 100 } = {}) {
  topics += 1;
  const topic = `topic-${topics}`;
  const declare = (declaration: { retention: Retention | null }) =>
    declareTopic(instance)({ topic, declaration, actor });
  await declare({ retention });
  const [row] = await query("SELECT id FROM topic WHERE name = $1", [topic]);
  const id = row.id as number;
  await publish(instance, id, { count });
  await query("UPDATE topic_head SET bytes = head * $2 WHERE topic_id = $1", [id, EVENT_BYTES]);
  const step = () => retentionStep(instance.database.pool, id);
  return {
    id,
    topic,
    declare,
    step,
    async drain() {
      while ((await step()) > 0);
    },
    describe: () => describeTopic(instance)({ topic }),
    offsets: async () =>
      (await query(`SELECT "offset" FROM event WHERE topic_id = $1 ORDER BY 1`, [id])).map((it) => it.offset),
  };
}

async function isRight(topic: Awaited<ReturnType<typeof openTopic>>): Promise<void> {
  const { tail, head, bytes } = await topic.describe();
  const offsets = await topic.offsets();
  expect(bytes).toBe(offsets.length * EVENT_BYTES);
  expect(offsets.filter((it) => it >= tail)).toEqual(Array.from({ length: head - tail + 1 }, (_, i) => tail + i));
}

test("by number: the newest so many are kept, and the topic's tail and bytes are right", async () => {
  const topic = await openTopic({ maxEvents: 30 });
  await topic.drain();
  expect(await topic.describe()).toMatchObject({ tail: 71, head: 100, bytes: 30 * EVENT_BYTES });
  await isRight(topic);
});

test("by bytes: as many of the oldest go as bring the topic down to its bound", async () => {
  const topic = await openTopic({ maxBytes: 40 * EVENT_BYTES + 5 });
  await topic.drain();
  expect(await topic.describe()).toMatchObject({ tail: 61, bytes: 40 * EVENT_BYTES });
  await isRight(topic);
});

test("by age: what is older goes, up to all of it, and offsets go on from the head", async () => {
  const topic = await openTopic({ maxAgeMs: 3_600_000 });
  await topic.drain();
  expect(await topic.describe()).toMatchObject({ tail: 1 });
  await query("ALTER TABLE event DISABLE TRIGGER event_append_only");
  await query(`UPDATE event SET recorded_at = now() - interval '2 hours' WHERE topic_id = $1 AND "offset" <= 45`, [
    topic.id,
  ]);
  await topic.drain();
  expect(await topic.describe()).toMatchObject({ tail: 46 });
  await query(`UPDATE event SET recorded_at = now() - interval '2 hours' WHERE topic_id = $1`, [topic.id]);
  await query("ALTER TABLE event ENABLE TRIGGER event_append_only");
  await topic.drain();
  expect(await topic.describe()).toMatchObject({ tail: 101, head: 100, bytes: 0, firstRecordedAt: null });
  await publish(instance, topic.id, { count: 1 });
  expect(await topic.describe()).toMatchObject({ tail: 101, head: 101 });
});

test("without bounds nothing goes, and clearing them with null stops it; both are in the audit", async () => {
  const topic = await openTopic(null);
  await topic.drain();
  expect((await topic.offsets()).length).toBe(100);
  await topic.declare({ retention: { maxEvents: 90, force: true } });
  expect((await topic.describe()).retention).toEqual({ maxAgeMs: null, maxEvents: 90, maxBytes: null, force: true });
  await topic.declare({ retention: null });
  expect((await topic.describe()).retention).toBeNull();
  await topic.drain();
  expect((await topic.offsets()).length).toBe(100);
  const audit = await query("SELECT before, after FROM audit_entry WHERE target = $1 ORDER BY id", [
    `topic:${topic.topic}`,
  ]);
  expect(audit.map((it) => it.after.retention)).toEqual([null, { maxEvents: 90, force: true }, null]);
  expect(audit.at(-1)?.before.retention).toEqual({ maxEvents: 90, force: true });
});

test("the position of the slowest consumer is never passed", async () => {
  const topic = await openTopic({ maxEvents: 10 });
  await instance.declare("slow", { topics: [{ topic: topic.topic, start: { offset: 21 } }] });
  await instance.declare("quick", { topics: [{ topic: topic.topic, start: "latest" }] });
  await topic.drain();
  expect(await topic.describe()).toMatchObject({ tail: 21 });
  const member = await instance.join("slow", "one");
  await member.delivered(80);
  await instance.ack("slow", member.deliveries.slice(0, 15));
  await topic.drain();
  expect(await topic.describe()).toMatchObject({ tail: 36 });
  await isRight(topic);
  await member.joined?.leave();
});

test("a consumer that is declared meanwhile begins at the tail that retention leaves", async () => {
  const topic = await openTopic({ maxEvents: 10 });
  const client = await instance.database.connect();
  await client.query("BEGIN");
  await claimRetention(client, topic.id);
  const declaring = instance.declare("fresh", { topics: [{ topic: topic.topic, start: "earliest" }] });
  await expect
    .poll(() =>
      query("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"),
    )
    .toHaveLength(1);
  await deleteEvents(client, { topicId: topic.id, range: [1, 50], except: [] });
  await client.query("COMMIT");
  await client.end();
  expect((await declaring).description.topics[0]?.position).toBe(50);
});

test("a parked event stays readable and is delivered again; once nobody has it parked, it goes too", async () => {
  const topic = await openTopic({ maxEvents: 5 });
  const setup = {
    topics: [{ topic: topic.topic, start: "earliest" as const }],
    retry: { maxAttempts: 3, backoff: { delaysMs: [50] }, permanentErrors: [] },
  };
  await instance.declare("parking", setup);
  const member = await instance.join("parking", "one");
  await member.delivered(100);
  const [failing] = member.deliveries.filter((it) => it.offset === 12);
  if (failing === undefined) throw new Error("12 was not delivered");
  await instance.retry("parking", [failing], { delayMs: 60_000 });
  await instance.ack(
    "parking",
    member.deliveries.filter((it) => it.offset % 10 !== 2 || it.offset === 2),
  );
  await expect.poll(() => instance.describe({ consumer: "parking" }).then((it) => it.topics[0]?.position)).toBe(100);
  await topic.drain();
  // Its followers, of the same key, wait with it.
  const parked = [12, 22, 32, 42, 52, 62, 72, 82, 92];
  expect(await topic.describe()).toMatchObject({ tail: 96 });
  expect(await topic.offsets()).toEqual([...parked, 96, 97, 98, 99, 100]);
  await isRight(topic);
  expect(
    (await readEventsAt(instance.database.pool, { topicId: topic.id, topic: topic.topic }, [12]))[0],
  ).toMatchObject({ offset: 12, key: "k2" });
  await query("UPDATE parked_event SET due_at = now() WHERE topic_id = $1 AND state = 'retrying'", [topic.id]);
  await query("UPDATE lease SET parked_version = parked_version + 1");
  instance.wakeups.announce(`settled:${(await query("SELECT id FROM consumer WHERE name = 'parking'"))[0].id}`);
  for (const offset of [12, 22]) {
    await member.until(() => member.deliveries.at(-1)?.offset === offset, `the delivery of ${offset}`);
    await instance.ack("parking", member.deliveries.slice(-1));
  }
  await member.until(() => member.deliveries.at(-1)?.offset === 32);
  await topic.drain();
  expect(await topic.offsets()).toEqual([...parked.slice(2), 96, 97, 98, 99, 100]);
  await isRight(topic);
  await member.joined?.leave();
});

test("forced, it passes a slow consumer, which goes on at the tail; the account says what has expired", async () => {
  const topic = await openTopic({ maxEvents: 20, force: true });
  await instance.declare("missing", { topics: [{ topic: topic.topic, start: "earliest" }], partitions: 2 });
  const first = await instance.join("missing", "one");
  await first.delivered(100);
  await instance.ack(
    "missing",
    first.deliveries.filter((it) => [1, 2, 3, 40, 50].includes(it.offset)),
  );
  await first.joined?.leave();
  await topic.drain();
  expect(await topic.describe()).toMatchObject({ tail: 81 });
  const account = () => getAccount(instance)({ consumer: "missing", topic: topic.topic });
  const [before] = await account();
  expect(before).toMatchObject({ total: 100, expired: { count: 75 }, settled: { count: 5 }, pending: { count: 20 } });
  expect(before?.expired.ranges).toEqual([
    [4, 39],
    [41, 49],
    [51, 80],
  ]);

  const second = await instance.join("missing", "two");
  await second.delivered(20);
  expect(Math.min(...second.offsets)).toBe(81);
  await instance.ack("missing", second.deliveries);
  await expect.poll(() => instance.describe({ consumer: "missing" }).then((it) => it.topics[0]?.position)).toBe(100);
  const [after] = await account();
  expect(after).toMatchObject({ total: 100, expired: { count: 75 }, settled: { count: 25 }, pending: { count: 0 } });
  const processed = isProcessed(instance);
  const is = (offset: number) => processed({ consumer: "missing", topic: topic.topic, offset });
  expect(await Promise.all([1, 4, 40, 80, 81].map(is))).toEqual([true, false, true, false, true]);
  await second.joined?.leave();
});

test("what a skip had left and retention took since is told as expired when the skip is undone, and never as settled", async () => {
  const topic = await openTopic({ maxEvents: 10 });
  const consumer = "skipping";
  await instance.declare(consumer, { topics: [{ topic: topic.topic, start: "earliest" }] });
  const first = await instance.join(consumer, "one");
  await first.delivered(100);
  await instance.ack(
    consumer,
    first.deliveries.filter((it) => it.offset <= 5 || it.offset === 8),
  );
  await first.joined?.leave();
  const plan = await instance.plan({ consumer, target: { to: "latest" }, actor });
  const skip = await instance.change({ consumer, planId: plan.id, token: plan.token, reason: "skip", actor });
  await topic.drain();
  expect(await topic.describe()).toMatchObject({ tail: 91 });
  await instance.undo({ consumer, id: skip.id, reason: "a mistake", actor });
  const account = async () => (await getAccount(instance)({ consumer, topic: topic.topic }))[0];
  const second = await instance.join(consumer, "two");
  await second.delivered(10);
  await instance.ack(consumer, second.deliveries);
  await expect.poll(() => instance.describe({ consumer }).then((it) => it.topics[0]?.position)).toBe(100);
  const after = await account();
  expect(after).toMatchObject({ total: 100, skipped: [], pending: { count: 0 } });
  expect(after?.expired.ranges).toEqual([
    [6, 7],
    [9, 90],
  ]);
  const processed = isProcessed(instance);
  const is = (offset: number) => processed({ consumer, topic: topic.topic, offset });
  expect(await Promise.all([5, 8, 50, 90, 91].map(is))).toEqual([true, true, false, false, true]);
  await second.joined?.leave();
});

test("a crash between two steps, and several instances at once, leave tail and bytes right", async () => {
  const topic = await openTopic({ maxEvents: 100 }, { count: 5_000 });
  expect(await topic.step()).toBe(1_000);
  await isRight(topic);
  // A step that is cut off before its end.
  const client = await instance.database.connect();
  await client.query("BEGIN");
  await client.query("SELECT FROM topic_head WHERE topic_id = $1 FOR UPDATE", [topic.id]);
  const cut = topic.step().catch((error: { code?: string }) => error.code);
  await expect
    .poll(() =>
      query("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"),
    )
    .toHaveLength(1);
  await query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
  );
  expect(await cut).toBe("57P01");
  await client.query("ROLLBACK");
  await client.end();
  await isRight(topic);
  const pools = [instance.database, db.open(), db.open()].map((it) => it.pool);
  for (let round = 0; round < 10; round++) await Promise.all(pools.map((pool) => retentionStep(pool, topic.id)));
  expect(await topic.describe()).toMatchObject({ tail: 4_901, head: 5_000 });
  await isRight(topic);
});

test("the loop does it by itself, and stops", async () => {
  const topic = await openTopic({ maxEvents: 7 }, { count: 2_500 });
  const errors: Error[] = [];
  const loop = createRetention(instance.database, { onError: (error) => errors.push(error), everyMs: 20 });
  await expect.poll(() => topic.describe().then((it) => it.tail), { timeout: 5_000 }).toBe(2_494);
  await loop.close();
  expect(errors).toEqual([]);
});

test("retention that is held up says by whom and how far past its bounds, on the topic and on the consumer", async () => {
  const topic = await openTopic({ maxEvents: 10, maxBytes: 1_000_000, maxAgeMs: 3_600_000 });
  await instance.declare("held-b", { topics: [{ topic: topic.topic, start: { offset: 21 } }], partitions: 2 });
  await instance.declare("held-a", { topics: [{ topic: topic.topic, start: { offset: 31 } }] });
  // What retention has merely not done yet is held up by nobody.
  expect(await topic.describe()).toMatchObject({ tail: 1, heldUp: null });
  expect((await instance.describe({ consumer: "held-b" })).topics[0]?.holdsUp).toBeNull();
  await topic.drain();
  const over = { events: 70, bytes: null, ms: null };
  const by = [{ consumer: "held-b", position: 20 }];
  expect(await topic.describe()).toMatchObject({ tail: 21, heldUp: { over, by, consumers: 1 } });
  expect((await instance.describe({ consumer: "held-b" })).topics[0]?.holdsUp).toEqual(over);
  expect((await instance.describe({ consumer: "held-a" })).topics[0]?.holdsUp).toBeNull();

  await query("ALTER TABLE event DISABLE TRIGGER event_append_only");
  await query(`UPDATE event SET recorded_at = now() - interval '2 hours' WHERE topic_id = $1`, [topic.id]);
  await query("ALTER TABLE event ENABLE TRIGGER event_append_only");
  await topic.declare({ retention: { maxBytes: 1_000 } });
  const { heldUp } = await topic.describe();
  expect(heldUp?.over).toMatchObject({ events: 70, bytes: 80 * EVENT_BYTES - 1_000 });
  expect(heldUp?.over.ms).toBeGreaterThanOrEqual(3_600_000);
  expect(heldUp?.over.ms).toBeLessThan(3_700_000);

  await topic.declare({ retention: { maxEvents: 10, force: true } });
  expect((await topic.describe()).heldUp).toBeNull();
  expect((await instance.describe({ consumer: "held-b" })).topics[0]?.holdsUp).toBeNull();
});
