import { setMaxListeners } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTopic, openInstance, publish, type TestMember } from "../../engine/testing/consumer-rig.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { awaitProcessed } from "./await-processed.ts";
import { isProcessed } from "./is-processed.ts";

let db: TestDatabase;
let instance: ReturnType<typeof openInstance>;
let elsewhere: ReturnType<typeof openInstance>;
let is: (offset: number) => Promise<boolean>;
let wait: ReturnType<typeof awaitProcessed>;
let member: TestMember;

beforeAll(async () => {
  db = await testDatabase();
  instance = openInstance(db.url);
  elsewhere = openInstance(db.url);
  const topicId = await createTopic(instance.database, "orders");
  await instance.declare("billing", {
    topics: [{ topic: "orders", start: "earliest" }],
    partitions: 2,
    retry: { maxAttempts: 1, backoff: { delaysMs: [60_000] }, permanentErrors: [] },
  });
  await publish(instance, topicId, { count: 20, keys: 5 });
  member = await instance.join("billing", "one");
  await member.delivered(20);
  const processed = isProcessed({ database: instance.database });
  is = (offset) => processed({ consumer: "billing", topic: "orders", offset });
  wait = awaitProcessed(elsewhere);
});
afterAll(async () => {
  await elsewhere.close("crashed");
  await instance.close("crashed");
  await db.drop();
});

const delivery = (offset: number) => member.deliveries.filter((it) => it.offset === offset);
const of = { consumer: "billing", topic: "orders" };

test("an event is processed once it is settled, out of order too, and no other is by that", async () => {
  expect(await is(7)).toBe(false);
  await instance.ack("billing", delivery(7));
  expect(await is(7)).toBe(true);
  expect(await is(6)).toBe(false);
  expect(await is(8)).toBe(false);
  expect(await is(999)).toBe(false);
});

test("a parked event is not processed, nor what waits behind it", async () => {
  await instance.retry("billing", delivery(3));
  await member.until(() => member.frame("parked") !== undefined, "the parking of 3");
  expect(await is(3)).toBe(false);
  expect(await is(8)).toBe(false);
});

test("a wait ends as soon as the event is settled, at whatever instance", async () => {
  const waiting = wait({ ...of, offset: 4, timeoutMs: 15_000 });
  await instance.ack("billing", delivery(4));
  const { processed, waitedMs } = await waiting;
  expect(processed).toBe(true);
  expect(waitedMs).toBeLessThan(5_000);
  expect(await wait({ ...of, offset: 4, timeoutMs: 0 })).toMatchObject({ processed: true });
});

test("a wait in vain says so when its time is up", async () => {
  const answer = await wait({ ...of, offset: 5, timeoutMs: 150 });
  expect(answer).toMatchObject({ processed: false, position: expect.any(Number) });
  expect(answer.waitedMs).toBeGreaterThanOrEqual(145);
});

test("a wait ends when whoever asked is gone", async () => {
  const caller = new AbortController();
  const waiting = wait({ ...of, offset: 5, timeoutMs: 60_000, signal: caller.signal });
  caller.abort();
  expect(await waiting).toMatchObject({ processed: false });
});

test("more waits than there is room for are refused, and room comes back", async () => {
  const caller = new AbortController();
  setMaxListeners(0, caller.signal);
  const bounded = awaitProcessed(instance);
  let refused = 0;
  const waits = Array.from({ length: 300 }, () =>
    bounded({ ...of, offset: 5, timeoutMs: 60_000, signal: caller.signal }).catch((error: { code: string }) => {
      refused += 1;
      if (refused === 50) caller.abort();
      return error.code;
    }),
  );
  const outcomes = await Promise.all(waits);
  expect(outcomes.filter((it) => it === "queue-full")).toHaveLength(50);
  expect(await bounded({ ...of, offset: 5, timeoutMs: 1 })).toMatchObject({ processed: false });
});

test("an unknown consumer is not found, and a topic that is not its own is refused", async () => {
  const processed = isProcessed(instance);
  await expect(processed({ ...of, consumer: "nobody", offset: 1 })).rejects.toMatchObject({
    code: "consumer-not-found",
  });
  await expect(processed({ ...of, topic: "other", offset: 1 })).rejects.toMatchObject({ code: "invalid-input" });
});

test("changing the number of partitions changes nothing about what is processed", async () => {
  await instance.declare("billing", {
    topics: [{ topic: "orders", start: "earliest" }],
    partitions: 5,
    retry: { maxAttempts: 1, backoff: { delaysMs: [60_000] }, permanentErrors: [] },
  });
  expect(await Promise.all([3, 4, 5, 7].map(is))).toEqual([false, true, false, true]);
});

test("an event that is replayed is processed all the time, and no letter, though its connection drops; until it fails", async () => {
  const topicId = await createTopic(instance.database, "reruns");
  const consumer = "rerunning";
  const topic = "reruns";
  await instance.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  await publish(instance, topicId, { count: 2, keys: 2 });
  const first = await instance.join(consumer, "one");
  await first.delivered(2);
  await instance.ack(consumer, first.deliveries);
  instance.startOperations();
  const actor = { name: "person:ann", requestId: "r" };
  await instance.replay({ consumer, topic, reason: "again", actor });
  await first.delivered(4);
  await first.joined?.leave();
  const processed = (offset: number) => isProcessed({ database: instance.database })({ consumer, topic, offset });
  expect(await instance.parked(consumer)).toEqual(["reruns/1 retrying 1", "reruns/2 retrying 1"]);
  expect(await processed(1)).toBe(true);
  expect((await instance.describe({ consumer })).parked).toMatchObject({ retrying: 0 });
  const discard = await instance.discard({ consumer, filter: { all: true }, reason: "void", actor });
  await expect.poll(async () => (await instance.operation({ id: discard.id })).status).toBe("done");
  expect(await instance.operation({ id: discard.id })).toMatchObject({ total: 0, done: 0 });

  const second = await instance.join(consumer, "two");
  await second.delivered(2);
  expect(second.deliveries[0]).toMatchObject({ replay: true, attempt: 2 });
  await instance.retry(
    consumer,
    second.deliveries.filter((it) => it.offset === 1),
  );
  expect([await processed(1), await processed(2)]).toEqual([false, true]);
});
