import { beforeEach, describe, expect, it } from "vitest";
import type { Delivery, Settlement } from "../../contract/settlements.ts";
import { acked, createTopic, failed, type Instance, publish, type TestMember } from "../testing/consumer-rig.ts";
import { testInstances } from "../testing/test-instances.ts";

// What a member answers counts once, and as what it is: beside a replay of its key, and beside another answer.

const consumer = "billing";
const topic = "orders";
const actor = { name: "person:x", requestId: "r" };
const retry = { maxAttempts: 3, backoff: { delaysMs: [0] }, permanentErrors: [] };

const { open } = testInstances();
let a: Instance;
let topicId: number;

beforeEach(async () => {
  a = open();
  topicId = await createTopic(a.database, topic);
});

const declare = (more: Partial<Parameters<Instance["declare"]>[1]> = {}) =>
  a.declare(consumer, { topics: [{ topic, start: "earliest" }], retry, ...more });
const position = async () => (await a.describe({ consumer })).topics[0]?.position;
/** How many events are settled, and how many parked. */
async function account(): Promise<{ settled: number; parked: number }> {
  const [found] = await a.account({ consumer, topic });
  if (found === undefined) throw new Error("no account");
  const { settled, retrying, dead, blocked, total } = found;
  expect(total).toBe((await a.describe({ consumer })).topics[0]?.head);
  return { settled: settled.count, parked: retrying.count + dead.count + blocked.count };
}

/** 1 is settled and replayed, 2 of its key is with the member. */
async function besideReplay(more: Parameters<typeof declare>[0] = {}): Promise<TestMember> {
  await declare(more);
  await publish(a, topicId, { count: 1, keys: 1 });
  const member = await a.join(consumer, "m1");
  await member.delivered(1);
  await a.ack(consumer, [member.at(1)]);
  await expect.poll(position).toBe(1);
  await publish(a, topicId, { count: 1, keys: 1 });
  await member.delivered(2);
  a.startOperations();
  const { id } = await a.replay({ consumer, topic, fromOffset: 1, toOffset: 1, reason: "again", actor });
  await expect.poll(() => a.parked(consumer)).toEqual(["orders/1 retrying 0"]);
  expect(id).toBeDefined();
  return member;
}

/** Acks whatever comes, one by one, until as many more have come. */
async function ackNext(member: TestMember, count: number, at: Instance = a): Promise<number[]> {
  const from = member.deliveries.length;
  const order: number[] = [];
  for (let i = 0; i < count; i++) {
    await member.delivered(from + i + 1);
    const delivery = member.deliveries[from + i] as Delivery;
    order.push(delivery.offset);
    await at.ack(consumer, [delivery]);
  }
  return order;
}

describe("beside a replay of an earlier event of its key", () => {
  it("an event that fails comes again, after the replay, and its followers are taken back", async () => {
    const member = await besideReplay();
    expect(await a.settle(consumer, [failed(member.at(2))])).toEqual({ settled: 1 });
    expect(member.frame("parked")?.data).toMatchObject({ offset: 2, key: "k0" });
    expect(await ackNext(member, 2)).toEqual([1, 2]);
    expect(member.at(1)).toMatchObject({ replay: true });
    expect(member.at(2)).toMatchObject({ attempt: 2, replay: false });
    await expect.poll(() => a.parked(consumer)).toEqual([]);
    expect(await account()).toEqual({ settled: 2, parked: 0 });
  });

  it("an event that runs into its ack timeout comes again, after the replay", async () => {
    const member = await besideReplay({ ackTimeoutMs: 600 });
    await publish(a, topicId, { count: 1, keys: 10 });
    await member.delivered(3);
    const alive = acked(member.at(3), { outcome: "extend" });
    const beat = setInterval(() => void a.settle(consumer, [alive]).catch(() => undefined), 50);
    try {
      await member.delivered(4);
      await a.ack(consumer, [member.at(1)]);
      await member.delivered(5);
    } finally {
      clearInterval(beat);
    }
    expect(member.offsets).toEqual([1, 2, 3, 1, 2]);
    expect(member.at(2)).toMatchObject({ attempt: 2, replay: false });
    await a.ack(consumer, [member.at(2), member.at(3)]);
    await expect.poll(position).toBe(3);
    expect(await account()).toEqual({ settled: 3, parked: 0 });
  });

  it("an event that is given up is a dead letter", async () => {
    const member = await besideReplay();
    const given = failed(member.at(2), { outcome: "dead-letter" });
    expect(await a.settle(consumer, [given])).toEqual({ settled: 1 });
    expect(await ackNext(member, 1)).toEqual([1]);
    await expect.poll(() => a.parked(consumer)).toEqual(["orders/2 dead 1"]);
  });

  it("an event that is skipped is discarded", async () => {
    const member = await besideReplay();
    const skipped = acked(member.at(2), { outcome: "skip", reason: "not for us" });
    expect(await a.settle(consumer, [skipped])).toEqual({ settled: 1 });
    expect(await ackNext(member, 1)).toEqual([1]);
    await expect.poll(() => a.parked(consumer)).toEqual(["orders/2 discarded 0"]);
  });

  it("an ack counts, wherever it arrives, and what follows overtakes neither", async () => {
    const member = await besideReplay();
    const b = open();
    expect(await b.settle(consumer, [acked(member.at(2))])).toEqual({ settled: 1 });
    await member.delivered(3);
    await publish(a, topicId, { count: 1, keys: 1 });
    await a.ack(consumer, [member.at(1)]);
    expect(await ackNext(member, 1)).toEqual([3]);
    expect(member.offsets).toEqual([1, 2, 1, 3]);
    await expect.poll(position).toBe(3);
    expect(await account()).toEqual({ settled: 3, parked: 0 });
  });
});

describe("two outcomes of one event in one request", () => {
  const state = { set: { runs: 1 } };
  const failure = (delivery: Delivery, outcome: "retry" | "dead-letter"): Settlement => failed(delivery, { outcome });

  for (const ordering of ["key", "topic"] as const) {
    describe(`ordering: ${ordering}`, () => {
      it("an ack behind a retry does not count: its state is not written, and the event comes again", async () => {
        await declare({ ordering });
        await publish(a, topicId, { count: 2, keys: 1 });
        const member = await a.join(consumer, "m1");
        await member.delivered(2);
        const first = member.at(1);
        const answer = await a.settle(consumer, [failure(first, "retry"), acked(first, { state })]);
        expect(answer).toEqual({ settled: 1, superseded: [1] });
        await expect(a.getState({ consumer, key: "runs" })).rejects.toMatchObject({ code: "state-entry-not-found" });
        await member.until(() => member.at(1).attempt === 2, "the second attempt");
        await a.ack(consumer, [member.at(1)], { state });
        await member.until(() => member.offsets.at(-1) === 2, "the next of its key");
        await a.ack(consumer, [member.at(2)]);
        await expect.poll(position).toBe(2);
        expect(await a.getState({ consumer, key: "runs" })).toMatchObject({ version: 1 });
        expect(await account()).toEqual({ settled: 2, parked: 0 });
      });

      it("an ack behind a dead-letter or a skip does not count, and the account says what did", async () => {
        await declare({ ordering });
        await publish(a, topicId, { count: 1, keys: 1 });
        const member = await a.join(consumer, "m1");
        await member.delivered(1);
        const first = member.at(1);
        const answer = await a.settle(consumer, [failure(first, "dead-letter"), acked(first, { state })]);
        expect(answer).toEqual({ settled: 1, superseded: [1] });
        expect(await a.parked(consumer)).toEqual(["orders/1 dead 1"]);
        await expect(a.getState({ consumer, key: "runs" })).rejects.toMatchObject({ code: "state-entry-not-found" });
        expect(await account()).toEqual({ settled: 0, parked: 1 });
      });

      it("a failure behind an ack does not count: the event is settled and does not come again", async () => {
        await declare({ ordering });
        await publish(a, topicId, { count: 2, keys: 1 });
        const member = await a.join(consumer, "m1");
        await member.delivered(2);
        const first = member.at(1);
        const answer = await a.settle(consumer, [acked(first, { state }), failure(first, "retry")]);
        expect(answer).toEqual({ settled: 1, superseded: [1] });
        await a.ack(consumer, [member.at(2)]);
        await expect.poll(position).toBe(2);
        expect(await a.parked(consumer)).toEqual([]);
        expect(await a.getState({ consumer, key: "runs" })).toMatchObject({ version: 1 });
      });

      it("of a parked event as well one counts", async () => {
        await declare({ ordering });
        await publish(a, topicId, { count: 1, keys: 1 });
        const member = await a.join(consumer, "m1");
        await member.delivered(1);
        await a.retry(consumer, [member.at(1)]);
        await member.delivered(2);
        const again = member.at(1);
        const answer = await a.settle(consumer, [failure(again, "retry"), acked(again, { state })]);
        expect(answer).toEqual({ settled: 1, superseded: [1] });
        await expect(a.getState({ consumer, key: "runs" })).rejects.toMatchObject({ code: "state-entry-not-found" });
        await member.until(() => member.at(1).attempt === 3, "the third attempt");
        await a.ack(consumer, [member.at(1)], { state });
        await expect.poll(position).toBe(1);
        expect(await a.getState({ consumer, key: "runs" })).toMatchObject({ version: 1 });
      });
    });
  }
});
