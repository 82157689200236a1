import { afterAll, beforeAll, expect, test } from "vitest";
import { getConsumerHistory } from "../../services/consumers/get-consumer-history.ts";
import { getTopicHistory } from "../../services/topics/get-topic-history.ts";
import { insertSamples } from "../../store/insight/samples-insert.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { createTopic, type Instance, openInstance, publish } from "../testing/consumer-rig.ts";
import { createTopicDirectory } from "../topics/directory.ts";
import { createSampler, shrinkHistory } from "./sampler.ts";

let db: TestDatabase;
let instance: Instance;
let topicId: number;
let consumerId: number;
beforeAll(async () => {
  db = await testDatabase();
  instance = openInstance(db.url);
  topicId = await createTopic(instance.database, "orders");
  await publish(instance, topicId, { count: 50 });
  await instance.declare("billing", { topics: [{ topic: "orders", start: "earliest" }], partitions: 2 });
  const { rows } = await instance.database.pool.query<{ id: number }>("SELECT id FROM consumer");
  consumerId = rows[0]?.id ?? 0;
});
afterAll(async () => {
  await instance.close("crashed");
  await db.drop();
});

const query = async (sql: string) => (await instance.database.pool.query(sql)).rows;

test("several instances sample once, at a full ten seconds of the database's clock", async () => {
  const other = db.open();
  const sampled = await Promise.all([instance.database, other, other].map((it) => insertSamples(it.pool)));
  for (const { nextInMs } of sampled) expect(nextInMs).toBeLessThanOrEqual(10_000);
  const rows = await query(
    "SELECT lag, parked, settled_count AS settled, mod(extract(epoch FROM at), 10)::int AS past FROM consumer_sample",
  );
  // Two where the full ten was passed meanwhile.
  expect(rows.length).toBeLessThanOrEqual(2);
  expect(rows[0]).toEqual({ lag: 50, parked: 0, settled: 0, past: 0 });
  expect(await query("SELECT DISTINCT head, bytes FROM topic_sample")).toEqual([{ head: 50, bytes: 0 }]);
});

test("the sampler samples by itself, and stops", async () => {
  await query("TRUNCATE consumer_sample, topic_sample");
  const errors: Error[] = [];
  const seen: number[] = [];
  const sampler = createSampler(instance.database, {
    onError: (error) => errors.push(error),
    onSampled: async (at) => void seen.push(at),
  });
  await expect.poll(() => seen.length).toBeGreaterThan(0);
  await sampler.close();
  const times = await query("SELECT DISTINCT (extract(epoch FROM at) * 1000)::bigint AS at FROM topic_sample");
  expect(times.map((it) => it.at)).toContain(seen[0]);
  expect(errors).toEqual([]);
});

test("samples older than a day become coarser, and those older than 30 days are forgotten, nothing else", async () => {
  await query("TRUNCATE consumer_sample, topic_sample");
  // From 25 hours ago to 23 hours ago, every ten seconds; and one coarse sample from 31 days ago.
  const series = `date_bin('300 s', now(), 'epoch') - interval '25 hours' + n * interval '10 s'`;
  await query(`INSERT INTO topic_sample SELECT ${topicId}, 10, ${series}, n, n FROM generate_series(0, 719) n`);
  await query(
    `INSERT INTO consumer_sample SELECT ${consumerId}, ${topicId}, 10, ${series}, 720 - n, n, n, 0, 1 FROM generate_series(0, 719) n`,
  );
  await query(`INSERT INTO topic_sample VALUES (${topicId}, 300, now() - interval '31 days', 1, 1)`);
  const never = new AbortController().signal;
  // Two instances at once.
  await Promise.all([shrinkHistory(instance.database.pool, never), shrinkHistory(db.open().pool, never)]);
  const fine = await query(
    "SELECT min(at) > now() - interval '24 hours 10 min' AS is_young, count(*) FROM topic_sample WHERE resolution_s = 10",
  );
  expect(fine).toEqual([{ is_young: true, count: 360 }]);
  const coarse = await query(
    "SELECT count(*), min(head) AS first, max(head) AS last FROM topic_sample WHERE resolution_s = 300",
  );
  expect(coarse).toEqual([{ count: 12, first: 29, last: 359 }]);
  const lags = await query(
    "SELECT lag, settled_count AS settled FROM consumer_sample WHERE resolution_s = 300 ORDER BY at LIMIT 2",
  );
  // The worst lag of its five minutes, and the count at their end.
  expect(lags).toEqual([
    { lag: 720, settled: 29 },
    { lag: 690, settled: 59 },
  ]);
});

test("attempts older than 30 days are forgotten, but those of events that are still parked", async () => {
  await query(
    `INSERT INTO delivery_attempt (consumer_id, topic_id, "offset", attempt, at, outcome)
     SELECT ${consumerId}, ${topicId}, o, 1, now() - o * interval '10 days', 'retry' FROM generate_series(1, 6) o`,
  );
  await query(
    `INSERT INTO parked_event (consumer_id, topic_id, "offset", sequence, hash, type, state, attempt, attempts_max)
     VALUES (${consumerId}, ${topicId}, 5, 'o5', 1, 'odd', 'dead', 1, 1)`,
  );
  await shrinkHistory(instance.database.pool, new AbortController().signal);
  const kept = await query('SELECT "offset" FROM delivery_attempt ORDER BY "offset"');
  expect(kept.map((it) => it.offset)).toEqual([1, 2, 5]);
  await query("TRUNCATE parked_event, delivery_attempt");
});

test("a history has at most 500 points, rates from the differences, and none where a count went back", async () => {
  await query("TRUNCATE consumer_sample, topic_sample");
  const at = `date_bin('10 s', now(), 'epoch') - n * interval '10 s'`;
  await query(
    `INSERT INTO topic_sample SELECT ${topicId}, 10, ${at}, 100000 - n * 20, 7 FROM generate_series(0, 8639) n`,
  );
  await query(
    `INSERT INTO consumer_sample SELECT ${consumerId}, ${topicId}, 10, ${at}, n, 5, CASE WHEN n < 3 THEN 90 - n * 30 ELSE 900 END, 0, 2
     FROM generate_series(0, 8639) n`,
  );
  const topics = createTopicDirectory(instance.database);
  const growth = getTopicHistory({ database: instance.database, topics });
  const day = await growth({ topic: "orders", hours: 24 });
  expect(day.resolutionMs).toBe(180_000);
  expect(day.points.length).toBeGreaterThan(470);
  expect(day.points.length).toBeLessThanOrEqual(500);
  expect(new Set(day.points.slice(1, -1).map((it) => it.publishedPerSecond))).toEqual(new Set([2]));
  const hour = await getConsumerHistory(instance)({ consumer: "billing", hours: 1 });
  expect(hour.resolutionMs).toBe(10_000);
  expect(hour.points.length).toBeLessThanOrEqual(361);
  expect(hour.points.map((it) => it.at)).toEqual(hour.points.map((it) => it.at).toSorted());
  expect(hour.points.slice(-4).map((it) => it.settledPerSecond)).toEqual([0, null, 3, 3]);
  expect(hour.points.at(-1)).toMatchObject({ topic: "orders", lag: 0, lagMs: 5, failedPerSecond: 0, parked: 2 });
  expect(hour.points[0]?.settledPerSecond).toBe(0);
});
