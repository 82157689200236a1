import { afterEach, beforeEach, expect, it } from "vitest";
import { createTopic, type Instance, openInstance, publish } from "../../engine/testing/consumer-rig.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { countParked } from "./count-parked.ts";

const consumer = "billing";
const topic = "orders";

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

it("the preview of a verb counts what passes the filter, and what each verb would take up", async () => {
  const topicId = await createTopic(a.database, topic);
  await a.declare(consumer, {
    topics: [{ topic, start: "earliest" }],
    retry: { maxAttempts: 1, backoff: { delaysMs: [0] }, permanentErrors: [] },
  });
  await publish(a, topicId, { count: 9, keys: 3 });
  const member = await a.join(consumer, "m1");
  await member.delivered(9);
  const firsts = member.deliveries.filter((it) => it.offset <= 3);
  await a.retry(consumer, firsts);
  const count = countParked({ database: a.database });
  await expect.poll(async () => (await count({ consumer })).states.dead).toBe(3);

  const all = await count({ consumer });
  expect(all).toMatchObject({ redrivable: 3, restorable: 0, discardable: 3 + all.states.blocked });
  expect(all.topics).toEqual([{ value: topic, count: all.discardable }]);
  expect(all.keys.reduce((sum, it) => sum + it.count, 0)).toBe(all.discardable);
  const key = all.keys[0]?.value ?? "";
  expect(await count({ consumer, key, state: "dead" })).toMatchObject({
    redrivable: 1,
    discardable: 1,
    states: { dead: 1, retrying: 0, blocked: 0, discarded: 0 },
    keys: [{ value: key, count: 1 }],
  });
  expect(await count({ consumer, state: "discarded" })).toMatchObject({ discardable: 0, restorable: 0 });
});

it("what waits for a replay passes the filter, and is nothing that a discard would take up", async () => {
  const topicId = await createTopic(a.database, topic);
  await a.declare(consumer, {
    topics: [{ topic, start: "earliest" }],
    retry: { maxAttempts: 1, backoff: { delaysMs: [0] }, permanentErrors: [] },
  });
  await publish(a, topicId, { count: 2, keys: 1 });
  const member = await a.join(consumer, "m1");
  await member.delivered(2);
  await a.retry(
    consumer,
    member.deliveries.filter((it) => it.offset === 1),
  );
  const count = countParked({ database: a.database });
  await expect.poll(async () => (await count({ consumer })).states).toMatchObject({ dead: 1, blocked: 1 });
  await a.database.pool.query("UPDATE parked_event SET is_replay = true, is_rerun = true WHERE state = 'blocked'");

  expect(await count({ consumer })).toMatchObject({ states: { dead: 1, blocked: 1 }, discardable: 1 });
  expect(await count({ consumer, state: "blocked" })).toMatchObject({ discardable: 0 });
});
