import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, expect, it } from "vitest";
import type { Delivery } from "../../contract/settlements.ts";
import { partitionOf } from "../../domain/partition-of.ts";
import { createTopic, failed, type Instance, publish } from "../testing/consumer-rig.ts";
import { holdUp, refuseTransactions } from "../testing/database-faults.ts";
import { testInstances } from "../testing/test-instances.ts";

const consumer = "ledger";
const topic = "orders";
const retry = { maxAttempts: 5, backoff: { delaysMs: [0] }, permanentErrors: [] };

const { open, close } = testInstances();
let a: Instance;
let topicId: number;

beforeEach(async () => {
  a = open();
  topicId = await createTopic(a.database, topic);
});

const declare = (more: Partial<Parameters<Instance["declare"]>[1]> = {}) =>
  a.declare(consumer, { topics: [{ topic, start: "earliest" }], ordering: "topic", retry, ...more });

it("a partition that is released while the others read on goes on where it stood, and skips nothing", async () => {
  await declare({ partitions: 2, maxInFlight: 10 });
  await publish(a, topicId, { count: 1_000, keys: 10 });
  const member = await a.join(consumer, "m1");
  await member.delivered(10);
  const partition = (offset: number) => partitionOf({ key: `k${offset % 10}`, offset }, 2);
  const first = member.deliveries[0] as Delivery;
  const ofFirst = Array.from({ length: 1_000 }, (_, i) => i + 1).filter((it) => partition(it) === first.partition);
  await a.retry(consumer, [first], { delayMs: 0 });
  await member.until(() => member.at(first.offset).attempt === 2, "the second attempt");
  // The other partition runs ahead meanwhile.
  const done = new Set<number>();
  const open = () => member.deliveries.filter((it) => it.partition !== first.partition && !done.has(it.offset));
  const ackOthers = async () => {
    const acks = open();
    for (const it of acks) done.add(it.offset);
    await a.ack(consumer, acks);
  };
  while (done.size < 30) {
    await member.until(() => open().length > 0, "more of the other partition");
    await ackOthers();
  }
  await member.until(() => open().length > 0, "more of the other partition");
  const reading = holdUp(a, "read_event_rows");
  await ackOthers();
  await expect.poll(reading.waiting).toBeGreaterThan(0);
  await a.ack(consumer, [member.at(first.offset)]);
  const before = member.deliveries.length;
  reading.letGo();
  const next = () => member.deliveries.slice(before).find((it) => it.partition === first.partition);
  await member.until(() => next() !== undefined, "the next of the partition");
  expect(next()?.offset).toBe(ofFirst[1]);
});

it("a partition that fails and goes on during a read goes on where it stood, and skips nothing", async () => {
  await declare({ maxInFlight: 10 });
  await publish(a, topicId, { count: 1_000, keys: 10 });
  const member = await a.join(consumer, "m1");
  await member.delivered(10);
  const reading = holdUp(a, "read_event_rows");
  await a.ack(consumer, member.deliveries.slice(0, 5));
  await expect.poll(reading.waiting).toBeGreaterThan(0);
  await a.retry(consumer, [member.at(6)], { delayMs: 600_000 });
  await a.ack(consumer, [member.at(6)]);
  reading.letGo();
  await member.delivered(11);
  expect(member.offsets[10]).toBe(7);
});

it("what is acked late, while it waits to be tried again, is not delivered again", async () => {
  await declare({ maxInFlight: 3 });
  await publish(a, topicId, { count: 3, keys: 3 });
  const member = await a.join(consumer, "m1");
  await member.delivered(3);
  await a.retry(consumer, [member.at(1)], { delayMs: 600_000 });
  await a.ack(consumer, [member.at(1)]);
  await member.until(() => member.deliveries.length > 3, "what follows");
  await delay(100);
  expect(member.offsets.slice(3)).toEqual([2, 3]);
});

it("what is acked late at another instance is not delivered again either", async () => {
  await declare({ maxInFlight: 3 });
  await publish(a, topicId, { count: 3, keys: 3 });
  const member = await a.join(consumer, "m1");
  await member.delivered(3);
  await a.retry(consumer, [member.at(1)], { delayMs: 600_000 });
  const b = open();
  await b.ack(consumer, [member.at(1)]);
  await member.until(() => member.deliveries.length > 3, "what follows");
  await delay(100);
  expect(member.offsets.slice(3)).toEqual([2, 3]);
});

it("a parked event that fails again at another instance is tried again at once, and the member is told", async () => {
  await declare();
  await publish(a, topicId, { count: 3, keys: 3 });
  const member = await a.join(consumer, "m1");
  await member.delivered(3);
  await a.retry(consumer, [member.at(1)]);
  await member.until(() => member.at(1).attempt === 2, "the second attempt");
  const b = open();
  await b.retry(consumer, [member.at(1)]);
  await member.until(() => member.at(1).attempt === 3, "the third attempt");
  expect(member.frames.filter((it) => it.event === "parked")).toHaveLength(2);
  await a.ack(consumer, [member.at(1)]);
  await member.until(() => member.deliveries.length >= 7, "what follows");
  expect(member.offsets.slice(3)).toEqual([1, 1, 2, 3]);
});

it("what an operator discards is not delivered again", async () => {
  await declare({ maxInFlight: 3, retry: { ...retry, maxAttempts: 1 } });
  await publish(a, topicId, { count: 3, keys: 3 });
  const member = await a.join(consumer, "m1");
  await member.delivered(3);
  await a.retry(consumer, [member.at(1)]);
  await member.until(() => member.frame("paused") !== undefined, "the halt");
  a.startOperations();
  const actor = { name: "person:x", requestId: "r" };
  const { id } = await a.discard({ consumer, filter: { all: true }, reason: "void", actor });
  await expect.poll(async () => (await a.operation({ id }))?.status).toBe("done");
  await a.resume({ consumer, reason: "on", actor });
  await member.until(() => member.deliveries.length > 3, "what follows");
  await delay(100);
  expect(member.offsets.slice(3)).toEqual([2, 3]);
});

it("the consumer halts although the database was away when it was to", async () => {
  await declare({ retry: { ...retry, maxAttempts: 1 } });
  await publish(a, topicId, { count: 2, keys: 2 });
  const member = await a.join(consumer, "m1");
  await member.delivered(2);
  const away = refuseTransactions(a, 1);
  await a.retry(consumer, [member.at(1)]);
  await expect.poll(away.refused).toBeGreaterThan(0);
  away.end();
  await member.until(() => member.frame("paused") !== undefined, "the halt");
  expect(member.frame("paused")?.data).toMatchObject({ kind: "halted", reason: expect.stringContaining("orders/1") });
});

it("the consumer halts although the instance died before it could", async () => {
  await declare({ retry: { ...retry, maxAttempts: 1 } });
  await publish(a, topicId, { count: 2, keys: 2 });
  const member = await a.join(consumer, "m1");
  await member.delivered(2);
  const away = refuseTransactions(a, 1);
  await a.retry(consumer, [member.at(1)]);
  await expect.poll(away.refused).toBeGreaterThan(0);
  await close(a, "crashed");
  const b = open();
  const next = await b.join(consumer, "m2");
  await next.until(() => next.frame("paused") !== undefined, "the halt");
  expect(next.deliveries).toEqual([]);
});

it("an operator's pause of a halted consumer does not make a dead end of it", async () => {
  const actor = { name: "person:x", requestId: "r" };
  await declare({ retry: { ...retry, maxAttempts: 1 } });
  await publish(a, topicId, { count: 2, keys: 2 });
  const member = await a.join(consumer, "m1");
  await member.delivered(2);
  await a.retry(consumer, [member.at(1)]);
  await member.until(() => member.frame("paused") !== undefined, "the halt");
  await a.pause({ consumer, reason: "a look", actor });
  await a.resume({ consumer, reason: "cured", actor });
  await member.delivered(3);
  expect(member.deliveries.at(-1)).toMatchObject({ offset: 1, attempt: 2 });
});

it("a failure that could not be stored is found overdue again", async () => {
  await declare({ ackTimeoutMs: 300 });
  await publish(a, topicId, { count: 2, keys: 2 });
  const member = await a.join(consumer, "m1");
  await member.delivered(2);
  const beat = setInterval(
    () => void a.settle(consumer, [{ ...failed(member.at(2)), outcome: "extend", error: undefined }]).catch(() => {}),
    50,
  );
  const away = refuseTransactions(a);
  try {
    await expect.poll(away.refused).toBeGreaterThan(0);
    away.end();
    await member.until(() => member.frame("parked") !== undefined, "the second verdict");
  } finally {
    clearInterval(beat);
  }
});
