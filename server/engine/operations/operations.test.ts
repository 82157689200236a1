import { beforeEach, describe, expect, it } from "vitest";
import type { Operation } from "../../contract/operations.ts";
import type { Delivery } from "../../contract/settlements.ts";
import { createTopic, type Instance, publish, type TestMember } from "../testing/consumer-rig.ts";
import { testInstances } from "../testing/test-instances.ts";

const consumer = "billing";
const topic = "orders";
const actor = { name: "person:ann", requestId: "r1" };
const reason = "cured";

const { open } = testInstances();
let a: Instance;
let topicId: number;

beforeEach(async () => {
  a = open();
  topicId = await createTopic(a.database, topic);
  await a.declare(consumer, {
    topics: [{ topic, start: "earliest" }],
    retry: { maxAttempts: 1, backoff: { delaysMs: [0] }, permanentErrors: [] },
  });
});

const until = (id: string, status: Operation["status"], instance = a) =>
  expect.poll(async () => (await instance.operation({ id })).status, { timeout: 15_000 }).toBe(status);

/** `keys` keys with three events each, the first of every key dead, two waiting behind each. */
async function deadLetters(keys: number): Promise<TestMember> {
  await publish(a, topicId, { count: keys * 3, keys });
  const member = await a.join(consumer, "m1");
  await member.delivered(keys * 3);
  const firsts = Array.from({ length: keys }, (_, i) => member.at(i + 1));
  await a.retry(consumer, firsts);
  return member;
}

/** Acks whatever comes, one by one, and notes the order. */
function ackAll(member: TestMember, from: number, isGood: (delivery: Delivery) => boolean = () => true) {
  const order: Delivery[] = [];
  let isOver = false;
  const done = (async () => {
    for (let next = from; !isOver; next++) {
      await member.until(() => isOver || member.deliveries.length > next, "a delivery");
      const delivery = member.deliveries[next];
      if (isOver || delivery === undefined) return;
      order.push(delivery);
      if (isGood(delivery)) await a.ack(consumer, [delivery]);
      else await a.retry(consumer, [delivery]);
    }
  })();
  return {
    order,
    async stop() {
      isOver = true;
      member.write("");
      await done;
    },
  };
}

describe("a redrive", () => {
  it("brings letters through in the order of their keys, and counts what became of them", async () => {
    const member = await deadLetters(4);
    a.startOperations();
    const acks = ackAll(member, 12);
    const { id, total } = await a.redrive({ consumer, filter: { all: true }, reason, actor });
    expect(total).toBe(4);
    await until(id, "done");
    await expect.poll(() => a.parked(consumer), { timeout: 15_000 }).toEqual([]);
    await acks.stop();
    expect(await a.operation({ id })).toMatchObject({ done: 4, ok: 4, failed: 0 });
    for (let key = 0; key < 4; key++) {
      const offsets = acks.order.map((it) => it.offset).filter((it) => it % 4 === key);
      expect(offsets).toEqual([...offsets].sort((x, y) => x - y));
      expect(offsets).toHaveLength(3);
    }
    expect(acks.order.filter((it) => it.operation === id)).toHaveLength(4);
  });

  it("gives each letter one attempt: what fails again is dead again, and its followers wait on", async () => {
    const member = await deadLetters(2);
    a.startOperations();
    const acks = ackAll(member, 6, () => false);
    const { id } = await a.redrive({ consumer, filter: { all: true }, reason, actor });
    await until(id, "done");
    await acks.stop();
    expect(await a.operation({ id })).toMatchObject({ done: 2, ok: 0, failed: 2 });
    expect((await a.parked(consumer)).filter((it) => it.includes("dead"))).toEqual([
      "orders/1 dead 2",
      "orders/2 dead 2",
    ]);
  });

  it("stops after a canary that fails, with nothing else taken up", async () => {
    const member = await deadLetters(3);
    a.startOperations();
    const acks = ackAll(member, 9, () => false);
    const { id } = await a.redrive({ consumer, filter: { all: true }, canary: true, reason, actor });
    await until(id, "failed");
    await acks.stop();
    const stopped = await a.operation({ id });
    expect(stopped).toMatchObject({ done: 1, failed: 1, note: expect.stringContaining("canary") });
  });

  it("stops by itself after so many failures", async () => {
    const member = await deadLetters(8);
    a.startOperations();
    const acks = ackAll(member, 24, () => false);
    const { id } = await a.redrive({ consumer, filter: { all: true }, rate: 20, stopAfterFailures: 2, reason, actor });
    await until(id, "failed");
    await acks.stop();
    expect((await a.operation({ id })).done).toBeLessThan(8);
  });

  it("stops without a rate, too, before more have failed than it was given", async () => {
    const member = await deadLetters(8);
    a.startOperations();
    const acks = ackAll(member, 24, () => false);
    const { id } = await a.redrive({ consumer, filter: { all: true }, stopAfterFailures: 2, reason, actor });
    await until(id, "failed");
    await acks.stop();
    expect(await a.operation({ id })).toMatchObject({ done: 2, failed: 2, note: expect.stringContaining("2 failed") });
  });

  it("takes exactly what its filter names", async () => {
    const member = await deadLetters(3);
    a.startOperations();
    const acks = ackAll(member, 9);
    const { id, total } = await a.redrive({ consumer, filter: { topic, key: "k1" }, reason, actor });
    expect(total).toBe(1);
    await until(id, "done");
    await expect.poll(async () => (await a.parked(consumer)).length).toBe(6);
    await acks.stop();
    await expect(a.redrive({ consumer, filter: { topic: "others" }, reason, actor })).rejects.toMatchObject({
      code: "invalid-input",
    });
  });

  it("survives its runner: another instance goes on, and nothing is taken up twice", async () => {
    const member = await deadLetters(6);
    const crashed = open();
    const runner = crashed.startOperations({ claimMs: 300 });
    const { id } = await a.redrive({ consumer, filter: { all: true }, rate: 4, reason, actor });
    await expect.poll(async () => (await a.operation({ id })).done, { timeout: 10_000 }).toBeGreaterThan(0);
    await runner.close();
    a.startOperations({ claimMs: 300 });
    const acks = ackAll(member, 18);
    await until(id, "done");
    await acks.stop();
    expect(await a.operation({ id })).toMatchObject({ done: 6, ok: 6 });
    expect(acks.order.filter((it) => it.operation === id).map((it) => it.offset)).toHaveLength(6);
  });

  it("can be paused, resumed and aborted; afterwards it is over", async () => {
    await deadLetters(6);
    a.startOperations();
    const { id } = await a.redrive({ consumer, filter: { all: true }, rate: 2, reason, actor });
    await expect.poll(async () => (await a.operation({ id })).done, { timeout: 10_000 }).toBeGreaterThan(0);
    expect(await a.steer({ id, verb: "pause", actor })).toMatchObject({ status: "paused" });
    expect(["queued", "running"]).toContain((await a.steer({ id, verb: "resume", actor })).status);
    expect(await a.steer({ id, verb: "abort", actor })).toMatchObject({ status: "aborted" });
    await expect(a.steer({ id, verb: "resume", actor })).rejects.toMatchObject({ code: "operation-over" });
    const { rows } = await a.database.pool.query<{ action: string }>("SELECT action FROM audit_entry ORDER BY id");
    expect(rows.map((row) => row.action).slice(-4)).toEqual([
      "consumer.redrive-started",
      "operation.paused",
      "operation.resumed",
      "operation.aborted",
    ]);
  });
});

describe("discarding and restoring", () => {
  it("lets the sequence go on without the letter, and puts it back in its place", async () => {
    const member = await deadLetters(1);
    a.startOperations();
    const discarded = await a.discard({ consumer, filter: { topic, offset: 1 }, reason: "void", actor });
    await until(discarded.id, "done");
    await member.delivered(4);
    expect(member.deliveries.at(-1)).toMatchObject({ offset: 2, parked: true });
    expect(await a.parked(consumer)).toEqual(["orders/1 discarded 1", "orders/2 retrying 0", "orders/3 blocked 0"]);
    const restored = await a.restore({ consumer, filter: { all: true }, reason: "not void", actor });
    await until(restored.id, "done");
    expect(await a.parked(consumer)).toEqual(["orders/1 dead 1", "orders/2 blocked 0", "orders/3 blocked 0"]);
  });

  it("takes a whole sequence at once without releasing its followers in between", async () => {
    const member = await deadLetters(2);
    a.startOperations();
    const { id } = await a.discard({ consumer, filter: { topic, key: "k1" }, reason: "void", actor });
    await until(id, "done");
    expect(await a.operation({ id })).toMatchObject({ total: 3, done: 3, ok: 3 });
    expect(member.deliveries).toHaveLength(6);
    expect((await a.parked(consumer)).filter((it) => it.includes("discarded"))).toHaveLength(3);
  });
});

describe("discarding what halted a topic-ordered consumer", () => {
  it("lets it go on after the event, which is not delivered again", async () => {
    await a.declare(consumer, {
      topics: [{ topic, start: "earliest" }],
      ordering: "topic",
      retry: { maxAttempts: 1, backoff: { delaysMs: [0] }, permanentErrors: [] },
    });
    await publish(a, topicId, { count: 3 });
    const member = await a.join(consumer, "m1");
    await member.delivered(3);
    await a.retry(consumer, [member.at(1)]);
    await member.until(() => member.frame("paused")?.data.kind === "halted", "the halt");
    a.startOperations();
    const { id } = await a.discard({ consumer, filter: { all: true }, reason: "void", actor });
    await until(id, "done");
    await a.resume({ consumer, reason: "void", actor });
    await member.delivered(5);
    expect(member.offsets.slice(3)).toEqual([2, 3]);
    await a.ack(consumer, [member.at(2), member.at(3)]);
    await expect.poll(async () => (await a.describe({ consumer })).topics[0]?.position).toBe(3);
    expect(await a.parked(consumer)).toEqual(["orders/1 discarded 1"]);
  });
});

describe("a replay", () => {
  it("delivers a range again in the order of keys, marked, and leaves position and settled state alone", async () => {
    await publish(a, topicId, { count: 20, keys: 4 });
    const member = await a.join(consumer, "m1");
    await member.delivered(20);
    await a.ack(consumer, member.deliveries);
    a.startOperations();
    const acks = ackAll(member, 20);
    const { id, total } = await a.replay({
      consumer,
      topic,
      fromOffset: 5,
      toOffset: 16,
      keys: ["k1", "k2"],
      reason,
      actor,
    });
    expect(total).toBe(6);
    await until(id, "done");
    await acks.stop();
    expect(acks.order.every((it) => it.replay && it.operation === id)).toBe(true);
    expect(acks.order.map((it) => it.offset).sort((x, y) => x - y)).toEqual([5, 6, 9, 10, 13, 14]);
    const ofKey1 = acks.order.map((it) => it.offset).filter((it) => it % 4 === 1);
    expect(ofKey1).toEqual([5, 9, 13]);
    expect(await a.operation({ id })).toMatchObject({ done: 6, ok: 6, failed: 0 });
    expect((await a.describe({ consumer })).topics[0]?.position).toBe(20);
    expect(await a.parked(consumer)).toEqual([]);
  });

  it("parks what fails like any other, and an abort takes back what has not come through", async () => {
    await publish(a, topicId, { count: 3, keys: 1 });
    const member = await a.join(consumer, "m1");
    await member.delivered(3);
    await a.ack(consumer, member.deliveries);
    a.startOperations();
    const { id } = await a.replay({ consumer, topic, reason, actor });
    await member.delivered(4);
    await a.retry(consumer, [member.at(1)]);
    expect(await a.parked(consumer)).toEqual(["orders/1 dead 1", "orders/2 blocked 0", "orders/3 blocked 0"]);
    await a.steer({ id, verb: "abort", actor });
    expect(await a.parked(consumer)).toEqual(["orders/1 dead 1"]);
  });

  it("refuses a range beyond the position, and one that holds nothing", async () => {
    await publish(a, topicId, { count: 3 });
    await expect(a.replay({ consumer, topic, toOffset: 3, reason, actor })).rejects.toMatchObject({
      code: "invalid-input",
    });
    await expect(a.replay({ consumer, topic, reason, actor })).rejects.toMatchObject({ code: "invalid-input" });
  });
});

describe("what is parked", () => {
  it("is grouped by what went wrong, with what waits behind, and shown by sequence", async () => {
    const member = await deadLetters(3);
    const [group] = await a.groups({ consumer });
    expect(group).toMatchObject({ consumer, count: 3, dead: 3, sequencesBlocked: 3, eventsBehind: 6 });
    expect(group?.sample.error).toMatchObject({ name: "Boom", message: "it broke" });
    const sequence = await a.sequence({ consumer, topic, key: "k1" });
    expect(sequence).toMatchObject({ head: { offset: 1, state: "dead" }, followerCount: 2 });
    expect(sequence.followers.map((it) => it.offset)).toEqual([4, 7]);
    expect(sequence.attempts).toMatchObject([{ attempt: 1, member: "m1", outcome: "retry" }]);
    const first = await a.listParked({ consumer, limit: 4 });
    const second = await a.listParked({ consumer, limit: 5, ...(first.next !== null && { after: first.next }) });
    expect([...first.events, ...second.events].map((it) => it.offset)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(second.next).toBeNull();
    expect((await a.listParked({ consumer, state: "dead", key: "k2", limit: 10 })).events).toHaveLength(1);
    expect(member.isEnded).toBe(false);
  });

  it("is grouped in a fraction of a second for 100,000 letters in 10,000 sequences", async () => {
    await a.database.pool.query(
      `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max,
         error_name, error_message, fingerprint, failed_at)
       SELECT c.id, $1, o, 'k' || o % 10000, 'kk' || o % 10000, o % 10000, 't', CASE WHEN o < 10000 THEN 'dead' ELSE 'blocked' END,
         CASE WHEN o < 10000 THEN 1 ELSE 0 END, 1, CASE WHEN o < 10000 THEN 'Boom' END, 'it broke',
         CASE WHEN o < 10000 THEN 'f' || o % 7 END, now()
       FROM consumer c, generate_series(0, 99999) AS o`,
      [topicId],
    );
    await a.database.pool.query("ANALYZE parked_event");
    await a.groups({ consumer });
    const before = performance.now();
    const groups = await a.groups({ consumer });
    const tookMs = performance.now() - before;
    expect(groups).toHaveLength(7);
    expect(groups.reduce((sum, it) => sum + it.eventsBehind, 0)).toBe(90_000);
    expect(tookMs).toBeLessThan(1_000);
  });
});
