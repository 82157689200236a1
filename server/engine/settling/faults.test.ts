import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import { acked, createTopic, type Instance, publish } from "../testing/consumer-rig.ts";
import { holdUp, loseNextCommit, refuseTransactions } from "../testing/database-faults.ts";
import { testInstances } from "../testing/test-instances.ts";

const consumer = "billing";
const topic = "orders";
const soon = { maxAttempts: 5, backoff: { delaysMs: [0] }, permanentErrors: [] };
const never = { ...soon, backoff: { delaysMs: [600_000] } };

const { open } = testInstances();
let a: Instance;
let topicId: number;

beforeEach(async () => {
  a = open();
  topicId = await createTopic(a.database, topic);
});

const declare = (more: Partial<Parameters<Instance["declare"]>[1]> = {}) =>
  a.declare(consumer, { topics: [{ topic, start: "earliest" }], retry: never, ...more });

it("a failure that could not be stored lets nothing of its key overtake it, neither what was delivered nor what arrives meanwhile", async () => {
  await declare({ retry: soon });
  await publish(a, topicId, { count: 2, keys: 1 });
  const member = await a.join(consumer, "m1");
  await member.delivered(2);
  const away = refuseTransactions(a);
  const refused = expect(a.retry(consumer, [member.at(1)])).rejects.toMatchObject({ code: "database-unavailable" });
  await expect.poll(away.refused).toBeGreaterThan(0);
  await refused;
  away.end();
  await publish(a, topicId, { count: 1, keys: 1 });
  // Nobody knows of a failure: the member has to say it again.
  await member.until(() => member.offsets.includes(3), "the third of the key");
  expect(await a.parked(consumer)).toEqual([]);
  await a.retry(consumer, [member.at(1)]);
  expect(await a.settle(consumer, [acked(member.at(2)), acked(member.at(3))])).toMatchObject({ settled: 0 });
  for (const offset of [1, 2, 3]) {
    await member.until(() => member.at(offset).parked === true, `${offset} in its turn`);
    await a.ack(consumer, [member.at(offset)]);
  }
  await expect.poll(async () => (await a.describe({ consumer })).topics[0]?.position).toBe(3);
  expect(await a.parked(consumer)).toEqual([]);
});

it("a failure that was stored though nobody heard of it counts once, and takes back what was delivered after it", async () => {
  await declare({ retry: soon });
  await publish(a, topicId, { count: 2, keys: 1 });
  const member = await a.join(consumer, "m1");
  await member.delivered(2);
  const commit = loseNextCommit(a);
  await expect(a.retry(consumer, [member.at(1)])).rejects.toMatchObject({ code: "database-unavailable" });
  expect(commit.lost()).toBe(1);
  expect(await a.settle(consumer, [acked(member.at(2))])).toEqual({ settled: 0, superseded: [0] });
  await member.until(() => member.at(1).attempt === 2, "the second attempt");
  expect(member.frame("parked")?.data).toMatchObject({ offset: 1, key: "k0" });
  await a.ack(consumer, [member.at(1)]);
  await member.until(() => member.at(2).parked === true, "its follower");
  await a.ack(consumer, [member.at(2)]);
  await expect.poll(async () => (await a.describe({ consumer })).topics[0]?.position).toBe(2);
  expect(await a.parked(consumer)).toEqual([]);
});

it("a connection that is noticed to have ended after its successor has begun changes nothing of what that has in flight", async () => {
  await declare({ retry: soon });
  await publish(a, topicId, { count: 1, keys: 1 });
  const before = await a.join(consumer, "m1");
  await before.delivered(1);
  await a.retry(consumer, [before.at(1)]);
  await before.delivered(2);
  const session = before.joined?.session ?? "";
  // It has not heard of the successor yet.
  const hearing = holdUp(a, "select_lease_views");
  const b = open();
  const after = await b.join(consumer, "m1", { resume: { session, after: 1 } });
  await after.delivered(1);
  expect(after.deliveries[0]).toMatchObject({ attempt: 2, redelivered: true });
  before.joined?.disconnect();
  hearing.letGo();
  await b.retry(consumer, [after.at(1)]);
  await after.delivered(2);
  expect(after.at(1).attempt).toBe(3);
});

describe("an ack timeout", () => {
  it("of an event in one partition leaves a member connected that works on another partition", async () => {
    await declare({ partitions: 2, ackTimeoutMs: 1_000 });
    await publish(a, topicId, { count: 10, keys: 10 });
    const member = await a.join(consumer, "m1");
    await member.delivered(10);
    const [first] = member.deliveries;
    const others = member.deliveries.filter((it) => it.partition !== first?.partition);
    await a.ack(
      consumer,
      member.deliveries.filter((it) => it.partition === first?.partition && it !== first),
    );
    const extensions = others.map((it) => acked(it, { outcome: "extend" }));
    const beat = setInterval(() => void a.settle(consumer, extensions).catch(() => undefined), 100);
    try {
      await member.until(() => member.frame("parked") !== undefined, "the notice");
      await delay(100);
    } finally {
      clearInterval(beat);
    }
    expect(member.isEnded).toBe(false);
  });

  it("of an event leaves a member connected that settles others at another instance", async () => {
    await declare({ ackTimeoutMs: 2_000 });
    await publish(a, topicId, { count: 60, keys: 60 });
    const member = await a.join(consumer, "m1");
    await member.delivered(60);
    const b = open();
    const waiting = member.deliveries.slice(1);
    // Acks alone: an extension elsewhere extends whatever is in flight of the partition.
    const beat = setInterval(() => {
      const next = waiting.shift();
      if (next !== undefined) void b.ack(consumer, [next]).catch(() => undefined);
    }, 100);
    try {
      await member.until(() => member.frame("parked") !== undefined || member.isEnded, "the notice");
      await delay(100);
    } finally {
      clearInterval(beat);
    }
    expect(member.isEnded).toBe(false);
  });
});
