import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../contract/settlements.ts";
import { createTopic, type Instance, publish, type TestMember } from "../testing/consumer-rig.ts";
import { testInstances } from "../testing/test-instances.ts";

const consumer = "billing";
const topic = "orders";
const GRACE_MS = 2_000;

const { open, close } = testInstances();
let a: Instance;
let topicId: number;

beforeEach(async () => {
  a = open();
  topicId = await createTopic(a.database, topic);
});

const declare = (more: Partial<Parameters<Instance["declare"]>[1]> = {}) =>
  a.declare(consumer, { topics: [{ topic, start: "earliest" }], reconnectGraceMs: GRACE_MS, ...more });
const placeOf = (member: TestMember, after: number) => ({ session: member.joined?.session ?? "", after });
const position = async () => (await a.describe({ consumer })).topics[0]?.position;

describe("a session", () => {
  it("goes on where its connection broke: what was seen stays in flight, what was not comes again, the epoch stays", async () => {
    await declare();
    await publish(a, topicId, { count: 4, keys: 4 });
    const first = await a.join(consumer, "m1");
    await first.delivered(4);
    first.joined?.disconnect();
    const second = await a.join(consumer, "m1", { resume: placeOf(first, 2) });
    await second.delivered(2);
    expect(second.frame("session")?.data).toMatchObject({ resumed: true, inFlight: 4 });
    expect(second.deliveries).toMatchObject([
      { offset: 3, epoch: 1, attempt: 1, redelivered: true },
      { offset: 4, epoch: 1, attempt: 1, redelivered: true },
    ]);
    expect(second.ids).toEqual(first.ids.slice(2));
    // A handler that went on meanwhile.
    await a.ack(consumer, [first.at(1), first.at(2)]);
    await a.ack(consumer, second.deliveries);
    await expect.poll(position).toBe(4);
  });

  it("takes a late settlement while its member is away", async () => {
    await declare();
    await publish(a, topicId, { count: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(1);
    member.joined?.disconnect();
    expect(await a.ack(consumer, member.deliveries)).toEqual({ settled: 1 });
    await expect.poll(position).toBe(1);
  });

  it("tells a pipelined member again what was parked while its connection was down, and not what it has seen", async () => {
    await declare();
    await publish(a, topicId, { count: 6, keys: 2 });
    const first = await a.join(consumer, "m1");
    await first.delivered(6);
    // Of k1, the connection brings the notice; of k0, it is down before.
    await a.retry(consumer, [first.at(1)], { delayMs: 60_000 });
    await first.until(() => first.frame("parked") !== undefined);
    first.joined?.disconnect();
    await a.retry(consumer, [first.at(2)], { delayMs: 60_000 });
    const second = await a.join(consumer, "m1", { resume: placeOf(first, 6) });
    const notices = () => second.frames.filter((it) => it.event === "parked").map((it) => it.data);
    await second.until(() => notices().length > 0);
    expect(notices()).toEqual([
      { topic, partition: 0, offset: 1, key: "k1" },
      { topic, partition: 0, offset: 2, key: "k0" },
    ]);
    expect(second.frames.slice(0, 2).map((it) => it.event)).toEqual(["session", "assignment"]);

    await publish(a, topicId, { count: 1, keys: 0 });
    await second.delivered(1);
    second.joined?.disconnect();
    const third = await a.join(consumer, "m1", { resume: placeOf(first, 7) });
    await publish(a, topicId, { count: 1, keys: 0 });
    await third.delivered(1);
    // A delivery came after the notices, and was seen.
    expect(third.frame("parked")).toBeUndefined();
  });

  it("tells a member that knows nothing of it no notices, whatever was parked while it was away", async () => {
    await declare();
    await publish(a, topicId, { count: 4, keys: 2 });
    const first = await a.join(consumer, "m1", { order: "strict" });
    await first.delivered(2);
    first.joined?.disconnect();
    await a.retry(consumer, first.deliveries, { delayMs: 60_000 });
    const second = await a.join(consumer, "m1", { order: "strict", resume: placeOf(first, 2) });
    await publish(a, topicId, { count: 1, keys: 0 });
    await second.delivered(1);
    expect(second.offsets).toEqual([5]);
    expect(second.frame("parked")).toBeUndefined();
  });

  it("goes on at another instance, with everything unsettled again and late settlements counted", async () => {
    await declare();
    await publish(a, topicId, { count: 3, keys: 3 });
    const first = await a.join(consumer, "m1");
    await first.delivered(3);
    const b = open();
    first.joined?.disconnect();
    const second = await b.join(consumer, "m1", { resume: placeOf(first, 3) });
    await second.delivered(3);
    expect(second.deliveries.every((it) => it.redelivered && it.epoch === 1 && it.attempt === 1)).toBe(true);
    expect(second.ids[0]).toBe(`${first.joined?.session}.4`);
    await a.ack(consumer, [first.at(1)]);
    await b.ack(consumer, [second.at(2), second.at(3)]);
    await expect.poll(position).toBe(3);
  });

  it("goes on at another instance when its own was killed, and what its member says first counts there", async () => {
    await declare();
    await publish(a, topicId, { count: 3, keys: 3 });
    const first = await a.join(consumer, "m1");
    await first.delivered(3);
    await close(a, "crashed");
    a = open();
    expect(await a.ack(consumer, [first.at(2)])).toEqual({ settled: 1 });
    const second = await a.join(consumer, "m1", { resume: placeOf(first, 3) });
    await second.delivered(2);
    expect(second.offsets).toEqual([1, 3]);
    await a.ack(consumer, second.deliveries);
    await expect.poll(position).toBe(3);
    expect(await a.parked(consumer)).toEqual([]);
  });

  it("is its member's: another name begins a session of its own with that place, at whatever instance", async () => {
    await declare();
    await publish(a, topicId, { count: 1 });
    const first = await a.join(consumer, "m1");
    await first.delivered(1);
    first.joined?.disconnect();
    for (const [instance, name] of [
      [a, "m2"],
      [open(), "m3"],
    ] as const) {
      const other = await instance.join(consumer, name, { resume: placeOf(first, 1) });
      expect(other.frame("session")?.data).toMatchObject({ resumed: false, member: name, inFlight: 0 });
    }
    expect(await a.ack(consumer, first.deliveries)).toEqual({ settled: 1 });
  });

  it("is over when its grace is: its partitions are free, its epoch is past, and its place begins a new session", async () => {
    await declare({ reconnectGraceMs: 100 });
    await publish(a, topicId, { count: 1 });
    const first = await a.join(consumer, "m1");
    await first.delivered(1);
    const standby = await a.join(consumer, "m2");
    await first.joined?.leave();
    await standby.delivered(1);
    expect(standby.deliveries[0]).toMatchObject({ epoch: 2, attempt: 2, redelivered: false });
    await expect(a.ack(consumer, first.deliveries)).rejects.toMatchObject({ code: "stale-epoch" });
    const again = await a.join(consumer, "m1", { resume: placeOf(first, 1) });
    expect(again.frame("session")?.data).toMatchObject({ resumed: false, member: "m1" });
  });

  it("ends with a goodbye, at whatever instance that arrives, and nothing is held against what was in flight", async () => {
    await declare();
    await publish(a, topicId, { count: 1 });
    const first = await a.join(consumer, "m1");
    await first.delivered(1);
    const b = open();
    const standby = await b.join(consumer, "m2");
    await b.members.leave({ consumer, member: "m1", session: first.joined?.session ?? null });
    await standby.delivered(1);
    await first.until(() => first.isEnded, "the end of the first");
    expect(standby.deliveries[0]).toMatchObject({ offset: 1, epoch: 2 });
  });

  it("ends with a goodbye as often as it likes: no event is suspected of it", async () => {
    await declare();
    await publish(a, topicId, { count: 2, keys: 2 });
    for (const name of ["m1", "m2", "m3"]) {
      const member = await a.join(consumer, name);
      await member.delivered(2);
      await a.members.leave({ consumer, member: name, session: null });
    }
    const last = await a.join(consumer, "m4");
    await last.delivered(2);
    expect(last.deliveries.map((it) => [it.offset, it.parked])).toEqual([
      [1, undefined],
      [2, undefined],
    ]);
  });

  it("of a peer that has vanished without a word is found out, and a living one goes on", async () => {
    const c = open({ signOfLifeMs: 300 });
    await declare({ reconnectGraceMs: 300, ackTimeoutMs: 600_000 });
    await publish(a, topicId, { count: 1 });
    const silent = await c.join(consumer, "m1");
    await silent.delivered(1);
    await silent.until(() => silent.isEnded, "the question for a sign of life");
    const alive = await c.join(consumer, "m1", { resume: placeOf(silent, 1) });
    expect(alive.frame("session")?.data).toMatchObject({ resumed: true, inFlight: 1 });
    const standby = await a.join(consumer, "m2");
    await alive.until(() => alive.isEnded, "the next question");
    await standby.delivered(1);
  });
});

it("that had nothing to do for long has the whole time for a sign of life from its next delivery on", async () => {
  const c = open({ signOfLifeMs: 1_000 });
  // Looked at every 100 ms.
  await declare({ ackTimeoutMs: 800, maxInFlight: 2 });
  const member = await c.join(consumer, "m1", { order: "pipelined" });
  await member.until(() => member.frame("assignment") !== undefined, "its partition");
  await delay(1_200);
  await publish(a, topicId, { count: 1 });
  await member.delivered(1);
  await delay(300);
  await publish(a, topicId, { count: 1 });
  await member.delivered(2);
  expect(member.isEnded).toBe(false);
  await a.ack(consumer, member.deliveries);
});

describe("strict order", () => {
  it("has at most one event of a key with the member, and the next comes the moment it is settled", async () => {
    await declare();
    await publish(a, topicId, { count: 9, keys: 3 });
    const member = await a.join(consumer, "m1", { order: "strict" });
    await member.delivered(3);
    expect(member.offsets).toEqual([1, 2, 3]);
    await a.ack(consumer, [member.at(2)]);
    await member.delivered(4);
    expect(member.offsets).toEqual([1, 2, 3, 5]);
    for (const offset of [1, 3, 5, 4, 6, 8, 7, 9]) {
      await member.until(() => member.offsets.includes(offset), `event ${offset}`);
      await a.ack(consumer, [member.at(offset)]);
    }
    await expect.poll(position).toBe(9);
  });

  it("never gives a client that knows nothing of parking an event behind a failed one", async () => {
    await declare({ retry: { maxAttempts: 3, backoff: { delaysMs: [300] }, permanentErrors: [] } });
    await publish(a, topicId, { count: 6, keys: 2 });
    const member = await a.join(consumer, "m1", { order: "strict" });
    await member.delivered(2);
    await a.retry(consumer, [member.at(1)]);
    for (const offset of [2, 4, 6]) {
      await member.until(() => member.offsets.includes(offset), `event ${offset}`);
      await a.ack(consumer, [member.at(offset)]);
    }
    // On a busy machine the failed one may be back already.
    expect(member.offsets.filter((it) => it % 2 === 1 && it !== 1)).toEqual([]);
    expect(member.frame("parked")).toBeUndefined();
    for (const [offset, count] of [
      [1, 2],
      [3, 1],
      [5, 1],
    ] as const) {
      await member.until(() => member.offsets.filter((it) => it === offset).length === count, `event ${offset}`);
      await a.ack(consumer, [member.at(offset)]);
    }
    await expect.poll(position).toBe(6);
    expect(await a.parked(consumer)).toEqual([]);
  });
});

describe("the ack clock", () => {
  it("does not run for what waits in the buffer of a client that works one by one", async () => {
    await declare({ ackTimeoutMs: 1_000 });
    await publish(a, topicId, { count: 15, keys: 15 });
    const member = await a.join(consumer, "m1", { order: "strict" });
    await member.delivered(15);
    for (const delivery of member.deliveries) {
      await delay(150);
      expect(await a.ack(consumer, [delivery])).toEqual({ settled: 1 });
    }
    await expect.poll(position).toBe(15);
    expect(await a.parked(consumer)).toEqual([]);
    expect(member.deliveries).toHaveLength(15);
  });

  it("finds out one that hangs by its first delivery", async () => {
    await declare({ ackTimeoutMs: 1_000, reconnectGraceMs: 100 });
    await publish(a, topicId, { count: 3, keys: 3 });
    const member = await a.join(consumer, "m1");
    await member.delivered(3);
    await member.until(() => member.isEnded, "the silent member to be given up");
    expect(member.frame("revoked")?.data.reason).toBe("ack-timeout");
    expect(await a.parked(consumer)).toEqual(["orders/1 retrying 1"]);
  });
});

describe("a pull", () => {
  it("takes what is there, at most as much as asked, and its session lives on to the next", async () => {
    await declare();
    await publish(a, topicId, { count: 5, keys: 5 });
    const first = await a.pull(consumer, { member: "cron", max: 2 });
    expect(first.member).toBe("cron");
    expect(first.deliveries.map((it) => it.id)).toEqual([`${first.session}.1`, `${first.session}.2`]);
    const second = await a.pull(consumer, { session: first.session, max: 10 });
    expect(second.session).toBe(first.session);
    expect(second.deliveries.map((it) => JSON.parse(it.delivery).offset)).toEqual([3, 4, 5]);
    const all = [...first.deliveries, ...second.deliveries].map((it) => JSON.parse(it.delivery) as Delivery);
    expect(await a.ack(consumer, all)).toEqual({ settled: 5 });
    await expect.poll(position).toBe(5);
  });

  it("waits for the first delivery, and goes on at another instance", async () => {
    await declare();
    const first = await a.pull(consumer, { member: "cron" });
    expect(first.deliveries).toEqual([]);
    const b = open();
    const waiting = b.pull(consumer, { session: first.session, waitMs: 10_000 });
    await publish(a, topicId, { count: 1 });
    const second = await waiting;
    expect(second.session).toBe(first.session);
    expect(second.deliveries).toHaveLength(1);
  });

  it("gives a lost answer of another instance again, whatever place its caller knows from the one before", async () => {
    await declare();
    await publish(a, topicId, { count: 3, keys: 3 });
    const first = await a.pull(consumer, { member: "cron" });
    expect(first.deliveries).toHaveLength(3);
    const b = open();
    const { session } = first;
    const lost = await b.pull(consumer, { session });
    expect(lost.deliveries).toHaveLength(3);
    const again = await b.pull(consumer, { session, after: 3 });
    expect(again.deliveries.map((it) => JSON.parse(it.delivery).offset)).toEqual([1, 2, 3]);
    const ids = [...first.deliveries, ...again.deliveries].map((it) => it.id);
    expect(new Set(ids).size).toBe(6);
    const last = Number(again.deliveries.at(-1)?.id.split(".")[1]);
    expect((await b.pull(consumer, { session, after: last })).deliveries).toEqual([]);
  });

  it("gives a lost answer again, shares the consumer with streams, and says when a session is over", async () => {
    await declare();
    await publish(a, topicId, { count: 2, keys: 2 });
    const first = await a.pull(consumer, { member: "cron" });
    const again = await a.pull(consumer, { session: first.session, after: 1 });
    expect(again.deliveries.map((it) => [it.id, JSON.parse(it.delivery).redelivered])).toEqual([
      [`${first.session}.2`, true],
    ]);
    const stream = await a.join(consumer, "m1");
    expect(await a.members.leave({ consumer, member: "cron", session: first.session })).toBe(true);
    await stream.delivered(2);
    await expect(a.pull(consumer, { session: first.session })).rejects.toMatchObject({ code: "session-ended" });
  });
});
