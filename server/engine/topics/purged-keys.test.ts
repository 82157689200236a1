import { afterAll, beforeAll, expect, test } from "vitest";
import { declareTopic } from "../../services/topics/declare-topic.ts";
import { readEvents } from "../../services/topics/read-events.ts";
import { forgetPurgedKeys } from "../../store/topics/purged-keys.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { type Instance, openInstance, publish } from "../testing/consumer-rig.ts";
import { appendRequest, newEvent } from "../testing/topic-rig.ts";
import { type Appender, createAppender } from "./appender.ts";
import { createTopicDirectory } from "./directory.ts";
import { createRetention, retentionStep } from "./retention.ts";

let db: TestDatabase;
let instance: Instance;
let appender: Appender;
beforeAll(async () => {
  db = await testDatabase();
  instance = openInstance(db.url);
  const { database, wakeups } = instance;
  appender = createAppender(database, { wakeups, onCommitted: () => undefined, onError: () => undefined });
});
afterAll(async () => {
  await appender.close();
  await instance.close("crashed");
  await db.drop();
});

let topics = 0;

/** A hundred events of k0 … k9 by turns, of which the last five are kept: those of k6, k7, k8, k9, k0. */
async function purgedTopic() {
  topics += 1;
  const topic = `purged-${topics}`;
  const actor = { name: "person:ann", requestId: "r" };
  await declareTopic(instance)({ topic, declaration: { retention: { maxEvents: 5 } }, actor });
  const { pool } = instance.database;
  const { rows } = await pool.query("SELECT id FROM topic WHERE name = $1", [topic]);
  const id = rows[0].id as number;
  await publish(instance, id, { count: 100 });
  while ((await retentionStep(pool, id)) > 0);
  const read = readEvents({ database: instance.database, topics: createTopicDirectory(instance.database) });
  return {
    id,
    /** Code of the refusal with the actual offset, or the offset it got. */
    async expecting(key: string, offset: number): Promise<unknown> {
      try {
        const { events } = await appender.append(id, appendRequest([newEvent({ key })], { [key]: offset }));
        return events[0]?.offset;
      } catch (error) {
        const { code, details } = error as { code: string; details: { facts: { actual?: Record<string, number> } } };
        return [code, details.facts.actual?.[key]];
      }
    },
    async gapOf(key: string, after: number): Promise<unknown> {
      const { gap } = await read({ topic, after, limit: 10, order: "asc", filter: { keys: [key] } });
      return gap;
    },
  };
}

test("an expectation about a key whose events retention took is held against the last of them", async () => {
  const topic = await purgedTopic();
  expect(await topic.expecting("k1", 0)).toEqual(["unexpected-offset", 91]);
  expect(await topic.expecting("k1", 91)).toBe(101);
  expect(await topic.expecting("k1", 91)).toEqual(["unexpected-offset", 101]);
  expect(await topic.expecting("k7", 87)).toEqual(["unexpected-offset", 97]);
  expect(await topic.expecting("never", 0)).toBe(102);
});

test("a history read by key says that its beginning is gone, and only then", async () => {
  const topic = await purgedTopic();
  const gap = { requested: 1, firstAvailable: 96 };
  expect(await topic.gapOf("k1", 0)).toEqual(gap);
  expect(await topic.gapOf("k7", 0)).toEqual(gap);
  expect(await topic.gapOf("k7", 87)).toBeUndefined();
  expect(await topic.gapOf("never", 0)).toBeUndefined();
});

test("what is forgotten is refused, never taken for nothing", async () => {
  const topic = await purgedTopic();
  // k4 and k5 went last, with 94 and 95.
  await forgetPurgedKeys(instance.database.pool, topic.id, 2);
  expect(await topic.expecting("k5", 0)).toEqual(["unexpected-offset", 95]);
  expect(await topic.expecting("k5", 95)).toBe(101);
  expect(await topic.expecting("k7", 97)).toBe(102);
  for (const key of ["k1", "never"]) {
    expect(await topic.expecting(key, 0)).toEqual(["history-purged", undefined]);
    expect(await topic.gapOf(key, 0)).toEqual({ requested: 1, firstAvailable: 96 });
  }
  // Without an expectation nothing needs to be known; and then it is.
  const { events } = await appender.append(topic.id, appendRequest([newEvent({ key: "never" })]));
  expect(await topic.expecting("never", events[0]?.offset ?? 0)).toBe(104);
});

test("the loop keeps the memory within its bound and forgets nothing below it", async () => {
  const topic = await purgedTopic();
  await publish(instance, topic.id, { count: 100, keys: 3 });
  const loop = createRetention(instance.database, { onError: () => undefined, everyMs: 20 });
  const remembered = async () => {
    const sql = "SELECT key, last_offset FROM purged_key WHERE topic_id = $1 ORDER BY last_offset";
    return (await instance.database.pool.query({ text: sql, values: [topic.id], rowMode: "array" })).rows;
  };
  await expect.poll(async () => (await remembered()).at(-1)).toEqual(["k0", 195]);
  await loop.close();
  expect((await remembered()).map(([key]) => key)).toEqual([
    "k3",
    "k4",
    "k5",
    "k6",
    "k7",
    "k8",
    "k9",
    "k1",
    "k2",
    "k0",
  ]);
});
