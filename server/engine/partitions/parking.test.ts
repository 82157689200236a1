import { setTimeout as delay } from "node:timers/promises";
import { beforeEach, describe, expect, it } from "vitest";
import type { Settlement } from "../../contract/settlements.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { acked, createTopic, failed, type Instance, publish, type TestMember } from "../testing/consumer-rig.ts";
import { testInstances } from "../testing/test-instances.ts";

const consumer = "billing";
const topic = "orders";
const soon = { maxAttempts: 3, backoff: { delaysMs: [0] }, permanentErrors: ["Permanent"] };
const actor = { name: "person:x", requestId: "r" };
const never = { ...soon, backoff: { delaysMs: [600_000] } };

const { open, close } = testInstances();
let a: Instance;
let topicId: number;

beforeEach(async () => {
  a = open();
  topicId = await createTopic(a.database, topic);
});

const declare = (more: Partial<Parameters<Instance["declare"]>[1]> = {}) =>
  a.declare(consumer, { topics: [{ topic, start: "earliest" }], retry: soon, ...more });
const send = (instance: Instance, settlements: readonly Settlement[]) => instance.settle(consumer, settlements);
const untilPosition = (member: TestMember, position: number) =>
  expect
    .poll(async () => (await a.describe({ consumer })).topics[0]?.position, { timeout: 10_000 })
    .toBe(position)
    .then(() => member);

describe("a failing event", () => {
  it("is tried again while its later events wait, and no other key is held up", async () => {
    await declare({ retry: never });
    await publish(a, topicId, { count: 6, keys: 2 });
    const member = await a.join(consumer, "m1");
    await member.delivered(6);
    // k1: 1 3 5, k0: 2 4 6
    await a.retry(consumer, [member.at(1)]);
    expect(await a.parked(consumer)).toEqual(["orders/1 retrying 1", "orders/3 blocked 0", "orders/5 blocked 0"]);
    expect(member.frame("parked")?.data).toEqual({ topic, partition: 0, offset: 1, key: "k1" });
    await a.ack(consumer, [member.at(2), member.at(4), member.at(6)]);
    await untilPosition(member, 6);
    await publish(a, topicId, { count: 2, keys: 2 });
    await member.until(() => member.offsets.includes(8), "the healthy key's next event");
    await a.ack(consumer, [member.at(8)]);
    await untilPosition(member, 8);
    expect(member.offsets).not.toContain(7);
    expect(await a.parked(consumer)).toContain("orders/7 blocked 0");
  });

  it("is released on ack, its followers in order one by one, and the key joins the live flow", async () => {
    await declare();
    await publish(a, topicId, { count: 3, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(3);
    await a.retry(consumer, [member.at(1)]);
    await member.delivered(4);
    expect(member.deliveries.at(-1)).toMatchObject({ offset: 1, attempt: 2, parked: true, replay: false });
    await a.ack(consumer, [member.at(1)]);
    await member.delivered(5);
    expect(member.deliveries.at(-1)).toMatchObject({ offset: 2, attempt: 1, parked: true });
    await a.ack(consumer, [member.at(2)]);
    await member.delivered(6);
    await publish(a, topicId, { count: 1, keys: 1 });
    await a.ack(consumer, [member.at(3)]);
    await member.delivered(7);
    expect(member.deliveries.at(-1)?.offset).toBe(4);
    await a.ack(consumer, [member.at(4)]);
    await untilPosition(member, 4);
    expect(await a.parked(consumer)).toEqual([]);
    expect(member.offsets).toEqual([1, 2, 3, 1, 2, 3, 4]);
  });

  it("is dead after its last attempt, at once when permanent, at once on dead-letter; its followers stay blocked", async () => {
    await declare();
    await publish(a, topicId, { count: 6, keys: 3 });
    const member = await a.join(consumer, "m1");
    await member.delivered(6);
    // k1: 1 4, k2: 2 5, k0: 3 6
    await send(a, [
      failed(member.at(1)),
      failed(member.at(2), { error: { name: "Permanent", message: "no cure" } }),
      failed(member.at(3), { outcome: "dead-letter" }),
    ]);
    await member.until(() => member.deliveries.some((it) => it.offset === 1 && it.attempt === 2), "attempt 2");
    await a.retry(consumer, [member.at(1)]);
    await member.until(() => member.deliveries.some((it) => it.offset === 1 && it.attempt === 3), "attempt 3");
    await a.retry(consumer, [member.at(1)]);
    expect(await a.parked(consumer)).toEqual([
      "orders/1 dead 3",
      "orders/2 dead 1",
      "orders/3 dead 1",
      "orders/4 blocked 0",
      "orders/5 blocked 0",
      "orders/6 blocked 0",
    ]);
    const { rows } = await a.database.pool.query(
      `SELECT attempt, member, outcome, error_name FROM delivery_attempt WHERE "offset" = 1 ORDER BY attempt`,
    );
    expect(rows).toEqual([1, 2, 3].map((attempt) => ({ attempt, member: "m1", outcome: "retry", error_name: "Boom" })));
  });

  it("counts once however often its settlement is repeated", async () => {
    await declare({ retry: never });
    await publish(a, topicId, { count: 2, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(2);
    const retry = failed(member.at(1));
    await send(a, [retry, retry]);
    await send(a, [retry]);
    expect(await a.parked(consumer)).toEqual(["orders/1 retrying 1", "orders/2 blocked 0"]);
  });

  it("takes back what was delivered after it: an ack of that does not count and is named", async () => {
    await declare({ retry: never });
    await publish(a, topicId, { count: 3, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(3);
    const result = await send(a, [failed(member.at(1)), acked(member.at(2))]);
    expect(result).toEqual({ settled: 1, superseded: [1] });
    expect(await send(a, [acked(member.at(3))])).toEqual({ settled: 0, superseded: [0] });
    expect(await a.parked(consumer)).toEqual(["orders/1 retrying 1", "orders/2 blocked 0", "orders/3 blocked 0"]);
  });

  it("may be acked late: done is done", async () => {
    await declare({ retry: never });
    await publish(a, topicId, { count: 2, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(2);
    await a.retry(consumer, [member.at(1)]);
    await a.ack(consumer, [member.at(1)]);
    await member.delivered(3);
    expect(member.deliveries.at(-1)).toMatchObject({ offset: 2, parked: true });
    await a.ack(consumer, [member.at(2)]);
    expect(await a.parked(consumer)).toEqual([]);
  });

  it("waits as long as the member asks", async () => {
    await declare();
    await publish(a, topicId, { count: 1, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(1);
    const before = performance.now();
    await a.retry(consumer, [member.at(1)], { delayMs: 300 });
    await member.delivered(2);
    expect(performance.now() - before).toBeGreaterThan(200);
  });

  it("without a key holds up nothing at all", async () => {
    await declare({ retry: never });
    await publish(a, topicId, { count: 3, keys: 0 });
    const member = await a.join(consumer, "m1");
    await member.delivered(3);
    await send(a, [failed(member.at(1)), acked(member.at(2)), acked(member.at(3))]);
    await untilPosition(member, 3);
    expect(await a.parked(consumer)).toEqual(["orders/1 retrying 1"]);
  });

  it("that is skipped is kept as discarded, and its key goes on", async () => {
    await declare();
    await publish(a, topicId, { count: 2, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(2);
    const skip: Settlement = { ...acked(member.at(1)), outcome: "skip", reason: "not for us" };
    await send(a, [skip, acked(member.at(2))]);
    expect(await a.parked(consumer)).toEqual(["orders/1 discarded 0"]);
    expect((await a.describe({ consumer })).topics[0]?.position).toBe(2);
  });

  it("commits its state changes with any outcome, once", async () => {
    await declare({ retry: never });
    await publish(a, topicId, { count: 2, keys: 2 });
    const member = await a.join(consumer, "m1");
    await member.delivered(2);
    const retry = failed(member.at(1), { state: { set: { tries: 1 } } });
    await send(a, [retry]);
    await send(a, [retry, acked(member.at(2), { state: { set: { done: true } } })]);
    expect(await a.getState({ consumer, key: "tries" })).toMatchObject({ value: 1, version: 1 });
    expect(await a.getState({ consumer, key: "done" })).toMatchObject({ value: true, version: 1 });
  });
});

describe("a consumer with parked events", () => {
  it("takes them along to another ordering: all of a partition wait behind its first, then each behind its key's", async () => {
    await declare({ retry: never });
    await publish(a, topicId, { count: 2, keys: 2 });
    const member = await a.join(consumer, "m1");
    await member.delivered(2);
    await a.retry(consumer, [member.at(1), member.at(2)]);
    expect(await a.parked(consumer)).toEqual(["orders/1 retrying 1", "orders/2 retrying 1"]);
    await declare({ retry: never, ordering: "topic" });
    expect(await a.parked(consumer)).toEqual(["orders/1 retrying 1", "orders/2 blocked 1"]);
    await publish(a, topicId, { count: 1 });
    await declare({ retry: never, ordering: "key" });
    expect(await a.parked(consumer)).toEqual(["orders/1 retrying 1", "orders/2 retrying 1"]);
    await member.delivered(4);
    expect(member.offsets).toEqual([1, 2, 2, 3]);
  });

  it("takes them along to another number of partitions", async () => {
    await declare({ retry: { ...soon, backoff: { delaysMs: [300] } } });
    await publish(a, topicId, { count: 8, keys: 4 });
    const member = await a.join(consumer, "m1");
    await member.delivered(8);
    await a.retry(consumer, [member.at(1), member.at(2)]);
    await a.ack(consumer, [member.at(3), member.at(4), member.at(7), member.at(8)]);
    await declare({ retry: soon, partitions: 3 });
    const order = new Map<string, number[]>();
    let seen = member.deliveries.length;
    for (let i = 0; i < 4; i++) {
      await member.delivered(++seen);
      const delivery = member.deliveries[seen - 1];
      if (delivery === undefined) throw new Error("no delivery");
      const key = `k${delivery.offset % 4}`;
      order.set(key, [...(order.get(key) ?? []), delivery.offset]);
      await a.ack(consumer, [delivery]);
    }
    expect(Object.fromEntries(order)).toEqual({ k1: [1, 5], k2: [2, 6] });
    expect(await a.parked(consumer)).toEqual([]);
  });

  it("delivers a parked event after the earlier ones of its key when the position moves back", async () => {
    await declare({ retry: { ...soon, backoff: { delaysMs: [50] } } });
    await publish(a, topicId, { count: 3, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(3);
    await send(a, [acked(member.at(1)), acked(member.at(2)), failed(member.at(3), { delayMs: 600_000 })]);
    const plan = await a.plan({ consumer, target: { to: "earliest" }, actor });
    await a.change({ consumer, planId: plan.id, token: plan.token, reason: "again", actor });
    await a.database.pool.query("UPDATE parked_event SET due_at = now()");
    await a.database.pool.query("UPDATE lease SET parked_version = parked_version + 1");
    await member.delivered(5);
    await a.ack(consumer, [member.at(1)]);
    await a.ack(consumer, [member.at(2)]);
    await member.delivered(6);
    expect(member.offsets.slice(3)).toEqual([1, 2, 3]);
    expect(member.deliveries.at(-1)).toMatchObject({ attempt: 2, parked: true });
  });

  it("never counts a settlement that names another partition than the event's", async () => {
    await declare({ partitions: 2, retry: never });
    await publish(a, topicId, { count: 6, keys: 3 });
    const member = await a.join(consumer, "m1");
    await member.delivered(6);
    const first = member.at(1);
    const other = member.deliveries.find((it) => it.partition !== first.partition);
    if (other === undefined) throw new Error("all keys are in one partition");
    await a.retry(consumer, [first]);
    const wrong = { ...acked(first), partition: other.partition, epoch: other.epoch };
    await expect(send(a, [wrong])).rejects.toMatchObject({ code: "not-delivered" });
    expect((await a.parked(consumer))[0]).toBe("orders/1 retrying 1");
  });
});

describe("an ack timeout", () => {
  it("is a retry with that error, and a member that says nothing at all loses its partitions", async () => {
    await declare({ ackTimeoutMs: 200 });
    await publish(a, topicId, { count: 1, keys: 1 });
    const silent = await a.join(consumer, "m1");
    await silent.delivered(1);
    await silent.until(() => silent.isEnded, "the end of the silent member's stream");
    expect(await a.parked(consumer)).toEqual(["orders/1 retrying 1"]);
    const next = await a.join(consumer, "m2");
    await next.delivered(1);
    expect(next.deliveries[0]).toMatchObject({ offset: 1, attempt: 2, parked: true });
    const { rows } = await a.database.pool.query("SELECT error_name FROM delivery_attempt");
    expect(rows).toEqual([{ error_name: "AckTimeout" }]);
  });

  it("of one event leaves a member that works on others connected", async () => {
    await declare({ ackTimeoutMs: 300, retry: never });
    await publish(a, topicId, { count: 2, keys: 2 });
    const member = await a.join(consumer, "m1");
    await member.delivered(2);
    const beat = setInterval(() => void send(a, [{ ...acked(member.at(2)), outcome: "extend" }]), 50);
    try {
      await member.until(() => member.frame("parked") !== undefined, "the notice");
    } finally {
      clearInterval(beat);
    }
    expect(await a.parked(consumer)).toEqual(["orders/1 retrying 1"]);
    expect(member.isEnded).toBe(false);
  });
});

it("is given nothing new with as many failures as it may hold, until some are gone", async () => {
  const b = open({ maxSequences: 2 });
  await declare({ retry: never, maxInFlight: 2 });
  await publish(a, topicId, { count: 5, keys: 5 });
  const member = await b.join(consumer, "m1");
  await member.delivered(2);
  await send(b, [failed(member.at(1), { outcome: "dead-letter" }), failed(member.at(2))]);
  await delay(100);
  expect(member.offsets).toEqual([1, 2]);
  await send(b, [acked(member.at(2))]);
  await member.delivered(4);
  expect(member.offsets).toEqual([1, 2, 3, 4]);
});

describe("a dropped connection", () => {
  it("is no failure, yet the next delivery says that it is not the first", async () => {
    await declare();
    await publish(a, topicId, { count: 1, keys: 1 });
    const first = await a.join(consumer, "m1");
    await first.delivered(1);
    await first.joined?.leave();
    const second = await a.join(consumer, "m2");
    await second.delivered(1);
    expect(second.deliveries[0]).toMatchObject({ offset: 1, attempt: 2 });
    expect(await a.parked(consumer)).toEqual([]);
    await a.retry(consumer, [second.at(1)]);
    expect(await a.parked(consumer)).toEqual(["orders/1 retrying 2"]);
    await second.delivered(2);
    await second.joined?.leave();
    const third = await a.join(consumer, "m3");
    await third.delivered(1);
    expect(third.deliveries[0]).toMatchObject({ offset: 1, attempt: 4, parked: true });
  });

  it("takes no attempt from the retry policy", async () => {
    await declare({ retry: { ...soon, maxAttempts: 2 } });
    await publish(a, topicId, { count: 1, keys: 1 });
    const first = await a.join(consumer, "m1");
    await first.delivered(1);
    await first.joined?.leave();
    const second = await a.join(consumer, "m2");
    await second.delivered(1);
    await a.retry(consumer, [second.at(1)]);
    await second.delivered(2);
    expect(second.deliveries[1]).toMatchObject({ offset: 1, attempt: 3 });
    await a.retry(consumer, [second.at(1)]);
    expect(await a.parked(consumer)).toEqual(["orders/1 dead 3"]);
  });

  it("tells the event that kills its members from those beside it: tried alone, it is dead when it was lost alone as often as it may fail", async () => {
    await declare({ retry: { ...soon, maxAttempts: 3 } });
    await publish(a, topicId, { count: 4, keys: 4 });
    for (const name of ["m1", "m2"]) {
      const victim = await a.join(consumer, name);
      await victim.delivered(4);
      await victim.joined?.leave();
    }
    const handled: number[] = [];
    for (const name of ["m3", "m4", "m5"]) {
      const member = await a.join(consumer, name);
      for (let count = 1; ; count++) {
        await member.delivered(count);
        const delivery = member.deliveries[count - 1];
        if (delivery === undefined || delivery.offset === 2) break;
        handled.push(delivery.offset);
        await a.ack(consumer, [delivery]);
      }
      await member.joined?.leave();
    }
    await expect.poll(() => a.parked(consumer)).toEqual(["orders/2 dead 5"]);
    expect(handled.toSorted((x, y) => x - y)).toEqual([1, 3, 4]);
    const [group] = await a.groups({});
    expect(group?.sample.error.name).toBe("ConnectionLost");
  });

  it("has a suspect wait until nothing else is in flight, and the others until it is settled", async () => {
    const calm = await createTopic(a.database, "calm");
    await declare({
      retry: soon,
      topics: ["calm", topic].map((it) => ({ topic: it, start: "earliest" })),
    });
    await publish(a, topicId, { count: 1 });
    for (const name of ["m1", "m2"]) {
      const victim = await a.join(consumer, name);
      await victim.delivered(1);
      await victim.joined?.leave();
    }
    await publish(a, calm, { count: 2 });
    const third = await a.join(consumer, "m3");
    await third.delivered(2);
    // It hears of every event after the member does: what it has, the member would have.
    await a.declare("marker", { topics: [{ topic: "calm", start: "earliest" }] });
    const marker = await a.join("marker", "x");
    await marker.delivered(2);
    await publish(a, calm, { count: 1 });
    await marker.delivered(3);
    expect(third.deliveries.map((it) => it.topic)).toEqual(["calm", "calm"]);
    await a.ack(consumer, third.deliveries);
    await third.delivered(3);
    expect(third.deliveries[2]).toMatchObject({ topic, attempt: 3 });
    await publish(a, calm, { count: 1 });
    await marker.delivered(4);
    expect(third.deliveries).toHaveLength(3);
    await a.ack(
      consumer,
      third.deliveries.filter((it) => it.topic === topic),
    );
    await third.delivered(5);
  });

  it("no longer holds against an event what it has answered to since", async () => {
    await declare({ retry: { ...soon, maxAttempts: 2 } });
    await publish(a, topicId, { count: 2, keys: 2 });
    const first = await a.join(consumer, "m1");
    await first.delivered(2);
    await first.joined?.leave();
    const second = await a.join(consumer, "m2");
    await second.delivered(1);
    await a.retry(consumer, [second.at(1)]);
    await second.delivered(2);
    await a.ack(consumer, [second.at(2)]);
    await second.delivered(3);
    await publish(a, topicId, { count: 2, keys: 2 });
    await second.delivered(4);
    expect(second.offsets).toEqual([1, 2, 1, 4]);
  });

  it("kills with a parked event as it does with a live one", async () => {
    await declare({ retry: { ...soon, maxAttempts: 2 } });
    await publish(a, topicId, { count: 1, keys: 1 });
    const first = await a.join(consumer, "m1");
    await first.delivered(1);
    await a.retry(consumer, [first.at(1)]);
    await first.delivered(2);
    await first.joined?.leave();
    for (const name of ["m2", "m3", "m4"]) {
      const victim = await a.join(consumer, name);
      await victim.delivered(1);
      await victim.joined?.leave();
    }
    await expect.poll(() => a.parked(consumer)).toEqual(["orders/1 dead 5"]);
  });

  it("that the server caused is not the event's fault, and a moved position starts the count anew", async () => {
    await declare();
    await publish(a, topicId, { count: 2, keys: 2 });
    for (let i = 0; i < 2; i++) {
      const b = open();
      const victim = await b.join(consumer, `m${i}`);
      await victim.delivered(2);
      await close(b, "drained");
    }
    const third = await a.join(consumer, "m3");
    await third.delivered(2);
    expect(third.deliveries.map(({ offset, attempt }) => [offset, attempt])).toEqual([
      [1, 1],
      [2, 1],
    ]);
    const plan = await a.plan({ consumer, target: { to: "earliest" }, actor });
    await a.change({ consumer, planId: plan.id, token: plan.token, reason: "again", actor });
    await third.delivered(4);
    expect(third.deliveries.slice(2).map(({ offset, attempt }) => [offset, attempt])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  it("frees the partitions of a topic-ordered consumer at once, with a parked event in flight", async () => {
    await declare({ ordering: "topic" });
    await publish(a, topicId, { count: 2, keys: 2 });
    const first = await a.join(consumer, "m1");
    await first.delivered(2);
    await a.retry(consumer, [first.at(1)]);
    await first.delivered(3);
    await first.joined?.leave();
    expect(a.errors).toEqual([]);
    const second = await a.join(consumer, "m2");
    await second.delivered(1);
    expect(second.deliveries[0]).toMatchObject({ offset: 1, attempt: 3 });
    await a.ack(consumer, [second.at(1)]);
    await second.delivered(2);
    expect(second.deliveries[1]).toMatchObject({ offset: 2, attempt: 1 });
  });
});

describe("at several instances", () => {
  it("a failure settled elsewhere takes back what the holder delivered after it", async () => {
    await declare({ retry: never });
    await publish(a, topicId, { count: 3, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(3);
    const b = open();
    await b.retry(consumer, [member.at(1)]);
    await member.until(() => member.frame("parked") !== undefined, "the notice");
    await expect
      .poll(() => a.parked(consumer))
      .toEqual(["orders/1 retrying 1", "orders/2 blocked 0", "orders/3 blocked 0"]);
    expect(await b.settle(consumer, [acked(member.at(2))])).toEqual({ settled: 0, superseded: [0] });
  });

  it("an ack behind a failure that another instance has sent in the same breath does not count", async () => {
    await declare({ retry: never });
    await publish(a, topicId, { count: 2, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(2);
    const b = open();
    await b.retry(consumer, [member.at(1)]);
    expect(await a.settle(consumer, [acked(member.at(2))])).toEqual({ settled: 0, superseded: [0] });
  });

  it("an ack of what is with a member counts, although an operator has put an earlier event back before it", async () => {
    await declare({ retry: never });
    await publish(a, topicId, { count: 2, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(2);
    // As a restored letter would stand there: the holder is not told, and the version of the parked events gives it away.
    await a.database.pool.query(
      `WITH v AS (UPDATE lease SET parked_version = parked_version + 1)
       INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max, due_at)
       SELECT id, $1, 1, 'k0', 'kk0', 0, 'odd', 'retrying', 1, 3, now() + interval '1 hour' FROM consumer`,
      [topicId],
    );
    expect(await a.settle(consumer, [acked(member.at(2))])).toEqual({ settled: 1 });
    const { rows } = await a.database.pool.query("SELECT settled::text FROM cursor");
    expect(rows).toEqual([{ settled: "{[2,3)}" }]);
  });

  it("what an operator has changed is not overlooked by who changes what is parked at the same moment", async () => {
    await declare({ retry: never, partitions: 1 });
    await publish(a, topicId, { count: 2, keys: 2 });
    const member = await a.join(consumer, "m1");
    await member.delivered(2);
    await a.retry(consumer, [member.at(1)]);
    // The wake-up is lost, and only the version of the parked events gives it away.
    await a.database.pool.query(
      "WITH v AS (UPDATE lease SET parked_version = parked_version + 1) UPDATE parked_event SET due_at = now()",
    );
    await a.retry(consumer, [member.at(2)]);
    await member.until(() => member.at(1).attempt === 2, "what the operator let go");
  });

  it("survives the death of the holder between delivery and settlement: nothing lost, nothing reordered", async () => {
    await declare({ retry: soon });
    await publish(a, topicId, { count: 4, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(4);
    await a.retry(consumer, [member.at(1)]);
    await member.delivered(5);
    await close(a, "crashed");
    const b = open();
    const next = await b.join(consumer, "m2");
    const order: number[] = [];
    for (let i = 0; i < 4; i++) {
      await next.delivered(i + 1);
      const delivery = next.deliveries[i];
      if (delivery === undefined) throw new Error("no delivery");
      order.push(delivery.offset);
      await b.ack(consumer, [delivery]);
    }
    expect(order).toEqual([1, 2, 3, 4]);
    expect(await b.parked(consumer)).toEqual([]);
    a = b;
  });

  it("the moment of unblocking is race-free: an event that arrives at that instant is neither lost nor overtaken", async () => {
    await declare({ retry: soon, maxInFlight: 64 });
    await publish(a, topicId, { count: 1, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(1);
    await a.retry(consumer, [member.at(1)]);
    await member.delivered(2);
    // Another connection holds the lease, so that the release and the parking of the next event both wait for it.
    const other = await a.database.pool.connect();
    try {
      await other.query("BEGIN");
      const { rows } = await other.query<{ id: number }>("SELECT id FROM consumer");
      await lockLeases(other, { consumerId: rows[0]?.id ?? 0, partitions: "all" });
      const released = a.ack(consumer, [member.at(1)]);
      await publish(a, topicId, { count: 3, keys: 1 });
      await new Promise((resolve) => setImmediate(resolve));
      await other.query("COMMIT");
      await released;
    } finally {
      other.release();
    }
    const seen = () => member.deliveries.slice(2).map((it) => it.offset);
    const settled = new Set<number>();
    while (settled.size < 3) {
      await member.until(() => seen().some((it) => !settled.has(it)), "the next event of the key");
      const next = seen().find((it) => !settled.has(it)) ?? 0;
      await a.ack(consumer, [member.at(next)]);
      settled.add(next);
    }
    expect([...settled]).toEqual([2, 3, 4]);
    await untilPosition(member, 4);
    expect(await a.parked(consumer)).toEqual([]);
  });
});

describe("ordering: topic", () => {
  it("waits with the whole partition, then goes on in order", async () => {
    await declare({ ordering: "topic", retry: { ...soon, backoff: { delaysMs: [100] } } });
    await publish(a, topicId, { count: 3, keys: 3 });
    const member = await a.join(consumer, "m1");
    await member.delivered(3);
    expect(await send(a, [failed(member.at(1)), acked(member.at(2))])).toEqual({ settled: 1, superseded: [1] });
    // The position goes past what is parked, and nothing after it is read.
    expect((await a.describe({ consumer })).topics[0]?.position).toBe(1);
    await member.delivered(4);
    expect(member.deliveries.at(-1)).toMatchObject({ offset: 1, attempt: 2 });
    await a.ack(consumer, [member.at(1)]);
    await member.delivered(6);
    expect(member.offsets).toEqual([1, 2, 3, 1, 2, 3]);
    await a.ack(consumer, [member.at(2), member.at(3)]);
    await untilPosition(member, 3);
    expect(await a.parked(consumer)).toEqual([]);
  });

  it("halts the consumer with a reason when attempts are exhausted, and resumes with the same event", async () => {
    await declare({ ordering: "topic", retry: { ...soon, maxAttempts: 1 } });
    await publish(a, topicId, { count: 2, keys: 2 });
    const member = await a.join(consumer, "m1");
    await member.delivered(2);
    await a.retry(consumer, [member.at(1)]);
    await member.until(() => member.frame("paused") !== undefined, "the halt");
    expect(member.frame("paused")?.data).toMatchObject({ kind: "halted", reason: expect.stringContaining("orders/1") });
    await a.resume({ consumer, reason: "cured", actor: { name: "person:x", requestId: "r" } });
    await member.delivered(3);
    expect(member.deliveries.at(-1)?.offset).toBe(1);
    await a.ack(consumer, [member.at(1)]);
    await member.delivered(4);
    await a.ack(consumer, [member.at(2)]);
    await untilPosition(member, 2);
  });
});

describe("a halted consumer that is paused as well", () => {
  it("tries its event anew on resume all the same", async () => {
    await declare({ ordering: "topic", retry: { ...soon, maxAttempts: 1 } });
    await publish(a, topicId, { count: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(1);
    await a.retry(consumer, [member.at(1)]);
    await member.until(() => member.frame("paused")?.data.kind === "halted", "the halt");
    await a.pause({ consumer, reason: "maintenance", actor });
    await a.resume({ consumer, reason: "cured", actor });
    await member.delivered(2);
    expect(member.deliveries.at(-1)).toMatchObject({ offset: 1, attempt: 2 });
  });
});

describe("a halt", () => {
  it("says in the audit which pause it took the place of", async () => {
    await declare({ ordering: "topic", retry: { ...soon, maxAttempts: 1 } });
    await publish(a, topicId, { count: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(1);
    await a.pause({ consumer, reason: "maintenance", actor });
    await a.retry(consumer, [member.at(1)]);
    await member.until(() => member.frame("paused")?.data.kind === "halted", "the halt");
    const { rows } = await a.database.pool.query("SELECT before FROM audit_entry WHERE action = 'consumer.halted'");
    expect(rows).toMatchObject([{ before: { pause: { kind: "operator", reason: "maintenance" } } }]);
  });
});

describe("a pause", () => {
  const actor = { name: "person:ann", requestId: "r1" };

  it("stops deliveries, tells the members, lets them settle, and ends on resume", async () => {
    await declare();
    await publish(a, topicId, { count: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(1);
    await a.pause({ consumer, reason: "a look", actor });
    await member.until(() => member.frame("paused") !== undefined, "the notice");
    await a.ack(consumer, [member.at(1)]);
    // It hears of every event after the member does: what it has, the member would have.
    await a.declare("marker", { topics: [{ topic, start: "latest" }] });
    const marker = await a.join("marker", "x");
    await marker.until(() => marker.frame("caught-up") !== undefined, "the marker to be ready");
    await publish(a, topicId, { count: 1 });
    await marker.delivered(1);
    expect(member.deliveries).toHaveLength(1);
    const late = await a.join(consumer, "m2");
    await late.until(() => late.frame("paused") !== undefined, "the notice to a member that joins");
    expect(member.deliveries).toHaveLength(1);
    await a.resume({ consumer, reason: "done", actor });
    await member.until(() => member.frame("resumed") !== undefined, "the resumption");
    await member.until(() => member.deliveries.length + late.deliveries.length === 2, "the next event");
  });

  it("with an end ends by itself", async () => {
    await declare();
    const member = await a.join(consumer, "m1");
    await a.pause({ consumer, reason: "a moment", until: new Date(Date.now() + 400).toISOString(), actor });
    await member.until(() => member.frame("paused") !== undefined, "the notice");
    await publish(a, topicId, { count: 1 });
    await member.delivered(1);
    expect(member.frame("resumed")).toBeDefined();
  });
});

describe("liveOnly", () => {
  it("loses nothing that was not settled when the position moved back: it comes for the first time", async () => {
    await declare({ topics: [{ topic, start: "earliest", liveOnly: ["odd"] }] });
    await publish(a, topicId, { count: 6, keys: 6 });
    const member = await a.join(consumer, "m1");
    await member.delivered(6);
    await a.ack(
      consumer,
      [1, 2, 4, 6].map((offset) => member.at(offset)),
    );
    const plan = await a.plan({ consumer, target: { to: "earliest" }, actor });
    await a.change({ consumer, planId: plan.id, token: plan.token, reason: "again", actor });
    await member.delivered(11);
    expect(member.deliveries.slice(6).map((it) => [it.offset, it.replay])).toEqual([
      [2, true],
      [3, false],
      [4, true],
      [5, false],
      [6, true],
    ]);
    await a.ack(consumer, member.deliveries.slice(6));
    await expect.poll(async () => (await a.describe({ consumer })).topics[0]?.position).toBe(6);
  });

  it("types are never delivered as a replay", async () => {
    await declare({ topics: [{ topic, start: "earliest", liveOnly: ["odd"] }] });
    await publish(a, topicId, { count: 4 });
    const member = await a.join(consumer, "m1");
    await member.delivered(4);
    await a.ack(consumer, member.deliveries);
    await untilPosition(member, 4);
    const plan = await a.plan({ consumer, target: { to: "earliest" }, actor });
    await a.change({ consumer, planId: plan.id, token: plan.token, reason: "again", actor });
    await member.until(() => member.deliveries.length === 6, "the replays");
    expect(member.deliveries.slice(4).map((it) => [it.offset, it.replay])).toEqual([
      [2, true],
      [4, true],
    ]);
  });
});
