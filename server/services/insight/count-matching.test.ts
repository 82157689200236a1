import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { createTopic, type Instance, openInstance, publish } from "../../engine/testing/consumer-rig.ts";
import { testDatabase } from "../../testing/test-database.ts";
import { createMatchingCounts, type MatchingCounts, type Place } from "./count-matching.ts";

let db: Awaited<ReturnType<typeof testDatabase>>;
let a: Instance;
let topic = "";
let topicId = 0;
let count = 0;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  count += 1;
  topic = `orders-${count}`;
  topicId = await createTopic(db.database, topic);
  a = openInstance(db.url);
});
afterEach(() => a.close("crashed"));

const ODD = ["odd"];

async function countOf(counts: MatchingCounts, place: Partial<Place>, withinMs = 5_000) {
  return (await counts.of("billing", [{ topic, position: 0, ...place }], { withinMs })).get(topic);
}

test("the events between position and head that pass the filter, however they are asked for", async () => {
  await publish(a, topicId, { count: 1_000 });
  const places: [Partial<Place>, number][] = [
    [{ types: ODD }, 500],
    [{ types: ODD, position: 900 }, 50],
    [{ types: ODD, position: 500 }, 250],
    [{ keys: ["k3", "k7"] }, 200],
    [{ keyPrefix: "k9", types: ["even"] }, 0],
    [{ types: ODD, position: 1_000 }, 0],
  ];
  const counts = createMatchingCounts(a.database, { page: 70 });
  for (const [place, found] of places) {
    expect(await countOf(counts, place)).toEqual({ count: found, isExact: true });
  }
  // All of them are its: that is its lag.
  expect(await countOf(counts, {})).toBeUndefined();
});

test("10,000 are exact, with one more there are more; and it is exact again when the position has moved", async () => {
  await publish(a, topicId, { count: 20_000 });
  const counts = createMatchingCounts(a.database, { page: 3_000 });
  expect(await countOf(counts, { types: ODD })).toEqual({ count: 10_000, isExact: true });
  await publish(a, topicId, { count: 2 });
  expect(await countOf(counts, { types: ODD })).toEqual({ count: 10_000, isExact: false });
  await publish(a, topicId, { count: 3_000 });
  expect(await countOf(counts, { types: ODD })).toEqual({ count: 10_000, isExact: false });
  expect(await countOf(counts, { types: ODD, position: 5_001 })).toEqual({ count: 9_000, isExact: true });
});

test("when the time is up it says what it has found, and goes on from there when it is asked again", async () => {
  await publish(a, topicId, { count: 1_000 });
  let clock = 0;
  const counts = createMatchingCounts(a.database, { page: 100, now: () => (clock += 10) });
  const answers = [];
  for (let asked = 0; asked < 20 && answers.at(-1)?.isExact !== true; asked++) {
    answers.push(await countOf(counts, { types: ODD }, 30));
  }
  const found = answers.map((it) => it?.count ?? 0);
  expect(found[0]).toBeLessThan(500);
  expect(found).toEqual([...found].sort((one, other) => one - other));
  expect(answers.length).toBeGreaterThan(2);
  expect(answers.at(-1)).toEqual({ count: 500, isExact: true });
});

test("asked again, it looks at what is new and at what the position has passed, and at nothing else", async () => {
  await publish(a, topicId, { count: 1_000 });
  const looked: [number, number][] = [];
  const pool = {
    query: (query: { name?: string; text: string; values: number[] }) => {
      if (query.name === "count_matching") looked.push([query.values[1] ?? 0, query.values[2] ?? 0]);
      return a.database.pool.query(query);
    },
  };
  const counts = createMatchingCounts({ pool: pool as never });
  await countOf(counts, { types: ODD });
  await countOf(counts, { types: ODD });
  expect(looked).toEqual([[0, 1_000]]);
  await publish(a, topicId, { count: 10 });
  expect(await countOf(counts, { types: ODD, position: 20 })).toEqual({ count: 495, isExact: true });
  expect(looked.slice(1)).toEqual([
    [0, 20],
    [1_000, 1_010],
  ]);
});

test("moved back, with another filter, or with its events gone: it is counted anew", async () => {
  await publish(a, topicId, { count: 100 });
  const counts = createMatchingCounts(a.database);
  expect(await countOf(counts, { types: ODD, position: 50 })).toEqual({ count: 25, isExact: true });
  expect(await countOf(counts, { types: ODD, position: 10 })).toEqual({ count: 45, isExact: true });
  expect(await countOf(counts, { types: ["odd", "even"], position: 10 })).toEqual({ count: 90, isExact: true });
  const client = await a.database.pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SET LOCAL millrace.retention = 'on'");
    await client.query(`DELETE FROM event WHERE topic_id = $1 AND "offset" <= 60`, [topicId]);
    await client.query("UPDATE topic_head SET tail = 61 WHERE topic_id = $1", [topicId]);
    await client.query("COMMIT");
  } finally {
    client.release();
  }
  expect(await countOf(counts, { types: ["odd", "even"], position: 10 })).toEqual({ count: 40, isExact: true });
  expect(await countOf(counts, { types: ["odd", "even"], position: 70 })).toEqual({ count: 30, isExact: true });
});

test("a consumer's description tells it for its filtered topics", async () => {
  await a.declare("shipping", { topics: [{ topic, types: ODD }] });
  await publish(a, topicId, { count: 7 });
  const { topics } = await a.describe({ consumer: "shipping" });
  expect(topics[0]).toMatchObject({ lag: 7, matching: { count: 4, isExact: true }, holdsUp: null });
});
