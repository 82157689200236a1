import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { claimLeases } from "../../store/members/lease-claim.ts";
import { joinSession } from "../../store/members/session-join.ts";
import { testDatabase } from "../../testing/test-database.ts";
import { acked, createTopic, type Instance, openInstance, publish, type TestMember } from "../testing/consumer-rig.ts";
import { holdUp } from "../testing/database-faults.ts";

let db: Awaited<ReturnType<typeof testDatabase>>;
let open: Instance[] = [];
let topic = "";
let consumer = "";
let topicId = 0;
let count = 0;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  count += 1;
  topic = `orders-${count}`;
  consumer = `billing-${count}`;
  topicId = await createTopic(db.database, topic);
});
afterEach(async () => {
  await Promise.all(open.map((it) => it.close("crashed")));
  open = [];
});

function instance(options: Parameters<typeof openInstance>[1] = {}): Instance {
  const opened = openInstance(db.url, options);
  open.push(opened);
  return opened;
}

async function stop(it: Instance, how: "drained" | "crashed"): Promise<void> {
  open = open.filter((other) => other !== it);
  await it.close(how);
}

async function positionOf(it: Instance): Promise<number> {
  return (await it.describe({ consumer })).topics[0]?.position ?? -1;
}

const pick = ({ partition, epoch, offset }: TestMember["deliveries"][number]) => ({ topic, partition, epoch, offset });

const upTo = (n: number, from = 1) => Array.from({ length: n - from + 1 }, (_, i) => from + i);

test("delivers in offset order, and the position follows the settlements", async () => {
  const a = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  await publish(a, topicId, { count: 100 });
  const member = await a.join(consumer, "m1");
  await member.delivered(100);
  expect(member.offsets).toEqual(upTo(100));
  await member.until(() => member.frame("caught-up") !== undefined);
  expect(member.frame("assignment")?.data).toEqual({ partitions: [{ partition: 0, epoch: 1 }] });
  await a.ack(consumer, member.deliveries.slice(0, 60));
  expect(await positionOf(a)).toBe(60);
  await publish(a, topicId, { count: 5 });
  await member.delivered(105);
  await a.ack(consumer, member.deliveries.slice(60));
  expect(await positionOf(a)).toBe(105);
  expect(a.errors).toEqual([]);
});

test("holds back what passes maxInFlight until something is settled", async () => {
  const a = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], maxInFlight: 10 });
  await publish(a, topicId, { count: 30 });
  const member = await a.join(consumer, "m1");
  await member.delivered(10);
  await a.ack(consumer, member.deliveries.slice(3, 5));
  await member.delivered(12);
  expect(member.offsets).toEqual(upTo(12));
  expect(a.members.counts().inFlight).toBe(10);
});

test("counts what waits for the database, and once how each delivery ended", async () => {
  const a = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  await publish(a, topicId, { count: 8, keys: 8 });
  const member = await a.join(consumer, "m1");
  await member.delivered(8);
  const consumerId = (await a.members.findSetup(consumer))?.consumerId;
  const held = holdUp(a, "merge_cursors");
  const settling = a.ack(consumer, member.deliveries.slice(0, 2));
  await expect.poll(held.waiting).toBe(1);
  const waiting = a.ack(consumer, member.deliveries.slice(2, 5));
  await expect.poll(() => a.members.counts().settlementsQueued).toBe(3);
  held.letGo();
  await Promise.all([settling, waiting]);
  await a.retry(consumer, member.deliveries.slice(5, 6));
  const skipped = member.deliveries.slice(6, 7).map((it) => acked(it, { outcome: "skip", reason: "tested" }));
  await a.settle(consumer, skipped);
  // A repeat, as after a lost answer.
  await a.ack(consumer, member.deliveries.slice(0, 3));
  expect(a.members.counts()).toMatchObject({ members: 1, settlementsQueued: 0 });
  expect(a.members.counts().inFlightOf).toEqual(new Map([[consumerId, 1]]));
  expect(a.members.counts().attemptsOf).toEqual(
    new Map([[consumerId, { ack: 5, retry: 1, "dead-letter": 0, skip: 1 }]]),
  );
});

test("after a crash exactly the unsettled events are delivered again, under a new epoch", async () => {
  const a = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  await publish(a, topicId, { count: 20 });
  const first = await a.join(consumer, "m1");
  await first.delivered(20);
  const settled = first.deliveries.filter((it) => it.offset <= 3 || it.offset % 4 === 0);
  await a.ack(consumer, settled);
  await stop(a, "crashed");
  const b = instance();
  const second = await b.join(consumer, "m2");
  await second.delivered(20 - settled.length);
  expect(second.offsets).toEqual(upTo(20).filter((it) => it > 3 && it % 4 !== 0));
  expect(second.deliveries[0]?.epoch).toBe(2);
  await b.ack(consumer, second.deliveries);
  expect(await positionOf(b)).toBe(20);
});

test("a settlement under an older epoch is refused whole and changes nothing; its neighbours count", async () => {
  const a = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  await publish(a, topicId, { count: 10 });
  const paused = await a.join(consumer, "m1");
  await paused.delivered(10);
  await stop(a, "crashed");
  const b = instance();
  const successor = await b.join(consumer, "m2");
  await successor.delivered(10);
  const state = { set: { seen: true } };
  const [late, inTime] = await Promise.allSettled([
    b.ack(consumer, [...successor.deliveries.slice(5, 6), ...paused.deliveries.slice(0, 3)], { state }),
    b.ack(consumer, successor.deliveries.slice(0, 2)),
  ]);
  expect(late).toMatchObject({
    status: "rejected",
    reason: {
      code: "stale-epoch",
      details: { facts: { stale: [{ index: 1, topic, partition: 0, epoch: 1, currentEpoch: 2 }, {}, {}] } },
    },
  });
  expect(inTime).toMatchObject({ status: "fulfilled" });
  expect(await positionOf(b)).toBe(2);
  await expect(b.getState({ consumer, key: "seen" })).rejects.toMatchObject({ code: "state-entry-not-found" });
  await expect(
    b.ack(
      consumer,
      successor.deliveries.slice(0, 1).map((it) => ({ ...it, epoch: 9 })),
    ),
  ).rejects.toMatchObject({
    code: "stale-epoch",
  });
});

test("an event that was not delivered cannot be settled", async () => {
  const a = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], maxInFlight: 5 });
  await publish(a, topicId, { count: 10 });
  const member = await a.join(consumer, "m1");
  await member.delivered(5);
  const [delivery] = member.deliveries;
  if (delivery === undefined) throw new Error("nothing was delivered");
  const undelivered = [{ index: 0, topic, partition: 0, offset: 6 }];
  const refusal = { code: "not-delivered", details: { facts: { undelivered } } };
  for (const at of [a, instance()]) {
    await expect(at.ack(consumer, [{ ...delivery, offset: 6 }])).rejects.toMatchObject(refusal);
  }
});

test("a settlement that names another partition than the event's is refused whole, wherever it arrives", async () => {
  const a = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions: 2 });
  await publish(a, topicId, { count: 4, keys: 4 });
  const member = await a.join(consumer, "m1");
  await member.delivered(4);
  const elsewhere = instance();
  const [first, second] = member.deliveries;
  if (first === undefined || second === undefined) throw new Error("nothing was delivered");
  const misplaced = { ...first, partition: 1 - first.partition };
  const state = { set: { seen: 1 } };
  const settle = (at: Instance, outcome: "ack" | "retry") =>
    at.settle(consumer, [
      { ...pick(second), outcome: "ack" },
      { ...pick(misplaced), outcome, state },
    ]);
  const refusal = { code: "not-delivered", details: { facts: { undelivered: [{ index: 1, offset: first.offset }] } } };
  for (const at of [a, elsewhere]) {
    await expect(settle(at, "ack")).rejects.toMatchObject(refusal);
    await expect(settle(at, "retry")).rejects.toMatchObject(refusal);
  }
  await expect(a.getState({ consumer, key: "seen" })).rejects.toMatchObject({ code: "state-entry-not-found" });
  expect((await a.describe({ consumer })).parked.retrying).toBe(0);
  await elsewhere.ack(consumer, member.deliveries);
  await expect.poll(() => positionOf(a)).toBe(4);
});

test("a settlement may arrive at another instance; the holder goes on from it", async () => {
  const a = instance();
  const b = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], maxInFlight: 10 });
  await publish(a, topicId, { count: 20 });
  const member = await a.join(consumer, "m1");
  await member.delivered(10);
  await b.ack(consumer, member.deliveries.slice(1, 10));
  await member.delivered(19);
  expect(await positionOf(a)).toBe(0);
  await b.ack(consumer, member.deliveries.slice(0, 1));
  expect(await positionOf(a)).toBe(10);
  await member.delivered(20);
  expect(member.offsets).toEqual(upTo(20));
});

test("events that the filter excludes are passed over, and the position moves past them by itself", async () => {
  const a = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest", types: ["none"] }] });
  await publish(a, topicId, { count: 50 });
  const member = await a.join(consumer, "m1");
  await member.until(() => member.frame("caught-up") !== undefined);
  await expect.poll(() => positionOf(a), { timeout: 5_000 }).toBe(50);
  expect(member.deliveries).toEqual([]);
});

test("two members share the partitions; when one leaves the other takes them all, and nothing is lost or repeated", async () => {
  const a = instance();
  const b = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions: 4 });
  const first = await a.join(consumer, "m1");
  await first.until(() => first.frame("assignment") !== undefined);
  const second = await b.join(consumer, "m2");
  await second.until(() => lengthOf(second) === 2, "half of the partitions");
  await publish(a, topicId, { count: 100, keys: 20 });
  await Promise.all([first.until(() => true), untilTogether([first, second], 100)]);
  expect([...first.offsets, ...second.offsets].sort((x, y) => x - y)).toEqual(upTo(100));
  await a.ack(consumer, first.deliveries);
  await b.ack(consumer, second.deliveries);
  await second.joined?.leave();
  await first.until(() => lengthOf(first) === 4, "all partitions");
  await publish(a, topicId, { count: 20 });
  await untilTogether([first, second], 120);
  expect([...first.offsets, ...second.offsets].sort((x, y) => x - y)).toEqual(upTo(120));
});

test("a standby member takes over once the lease of a dead one has run out", async () => {
  const a = instance();
  const b = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  await publish(a, topicId, { count: 5 });
  const holder = await a.join(consumer, "m1");
  await holder.delivered(5);
  const standby = await b.join(consumer, "m2");
  await standby.until(() => standby.frame("assignment") !== undefined);
  expect(standby.frame("assignment")?.data).toEqual({ partitions: [] });
  await stop(a, "crashed");
  await standby.delivered(5);
  expect(standby.offsets).toEqual(upTo(5));
});

test("a member that could not be renewed for as long as its lease lasts is given nothing, until it is", async () => {
  let skewMs = 0;
  const slow = instance({ leaseMs: 60_000, now: () => performance.now() + skewMs });
  const other = `${consumer}-witness`;
  for (const name of [consumer, other]) await slow.declare(name, { topics: [{ topic, start: "earliest" }] });
  const member = await slow.join(consumer, "m1");
  const witness = await slow.join(other, "w1");
  await publish(slow, topicId, { count: 1 });
  await Promise.all([member.delivered(1), witness.delivered(1)]);
  skewMs = 60_000;
  // The witness comes after that, so its own lease is as new as its session.
  await witness.joined?.leave();
  const renewed = await slow.join(other, "w2");
  await publish(slow, topicId, { count: 1 });
  await renewed.delivered(2);
  expect(member.deliveries).toHaveLength(1);
  skewMs = 0;
  await publish(slow, topicId, { count: 1 });
  await member.delivered(3);
});

test("a server that drains frees its partitions at once", async () => {
  const a = instance({ leaseMs: 60_000 });
  const b = instance({ leaseMs: 60_000 });
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  await publish(a, topicId, { count: 5 });
  const member = await a.join(consumer, "m1");
  await member.delivered(5);
  const closing = stop(a, "drained");
  await b.ack(consumer, member.deliveries.slice(0, 4));
  await closing;
  expect(member.frame("revoked")?.data.reason).toBe("shutting-down");
  const next = await b.join(consumer, "m2");
  await next.delivered(1);
  expect(next.offsets).toEqual([5]);
});

test("a name is refused to others while its member is connected, and taken over at once when that is away", async () => {
  const a = instance();
  const b = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], reconnectGraceMs: 60_000 });
  await publish(a, topicId, { count: 5 });
  const first = await a.join(consumer, "m1");
  await first.delivered(5);
  await expect(b.join(consumer, "m1")).rejects.toMatchObject({
    code: "member-name-taken",
    details: { facts: { member: "m1", server: a.instance, address: "127.0.0.1:1", since: expect.any(String) } },
  });
  first.joined?.disconnect();
  let second: TestMember | undefined;
  await expect.poll(async () => (second = await b.join(consumer, "m1").catch(() => undefined))).toBeDefined();
  await second?.delivered(5);
  await expect(a.ack(consumer, first.deliveries)).rejects.toMatchObject({ code: "stale-epoch" });
  await b.ack(consumer, second?.deliveries ?? []);
});

test("a member that says nothing for the ack timeout is taken for dead; one that extends is not", async () => {
  const a = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], ackTimeoutMs: 1_500 });
  await publish(a, topicId, { count: 1 });
  const busy = await a.join(consumer, "m1");
  await busy.delivered(1);
  const elsewhere = instance();
  const startedAt = performance.now();
  for (let i = 0; performance.now() - startedAt < 3_000; i++) {
    await (i % 2 === 0 ? a : elsewhere).ack(consumer, busy.deliveries, { outcome: "extend" });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(busy.isEnded).toBe(false);
  await busy.until(() => busy.isEnded, "the silent member to be closed");
  expect(busy.frame("revoked")?.data.reason).toBe("ack-timeout");
  const next = await a.join(consumer, "m2");
  await next.delivered(1);
  expect(next.deliveries[0]).toMatchObject({ offset: 1, epoch: 2 });
});

test("of two that claim the same leases at the same time exactly one gets each", async () => {
  const a = instance();
  const { created } = await a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions: 16 });
  expect(created).toBe(true);
  const setup = await a.members.findSetup(consumer);
  const consumerId = setup?.consumerId ?? 0;
  const claims = await Promise.all(
    ["m1", "m2", "m3"].map(async (member) => {
      const session = crypto.randomUUID();
      const entry = {
        consumerId,
        member,
        session,
        instance: session,
        address: null,
        isPull: false,
        lastsMs: 5_000,
        deadInstances: [],
      };
      await joinSession(db.database.pool, entry);
      const partitions = upTo(16).map((it) => it - 1);
      return { consumerId, member, session, instance: session, layout: 1, partitions, leaseMs: 5_000 };
    }),
  );
  const won = (await Promise.all(claims.map((it) => claimLeases(db.database.pool, it)))).flat();
  expect(won.map((it) => it.partition).sort((x, y) => x - y)).toEqual(upTo(16).map((it) => it - 1));
  expect(won.every((it) => it.epoch === 1)).toBe(true);
});

test("state and position commit together, and a repeated settlement does not write its state again", async () => {
  const a = instance();
  const elsewhere = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  await publish(a, topicId, { count: 3 });
  const member = await a.join(consumer, "m1");
  await member.delivered(3);
  const [one, two] = member.deliveries;
  if (one === undefined || two === undefined) throw new Error("nothing was delivered");
  await a.ack(consumer, [one], { state: { set: { total: 1 } } });
  await elsewhere.ack(consumer, [two], { state: { set: { total: 2 } } });
  await a.ack(consumer, [one], { state: { set: { total: 1 } } });
  await elsewhere.ack(consumer, [one], { state: { set: { total: 1 } } });
  expect(await a.getState({ consumer, key: "total" })).toMatchObject({ value: 2, version: 2 });
  expect(await positionOf(a)).toBe(2);
});

function lengthOf(member: TestMember): number {
  return ((member.frame("assignment")?.data.partitions as unknown[] | undefined) ?? []).length;
}

async function untilTogether(members: TestMember[], total: number): Promise<void> {
  await expect.poll(() => members.reduce((sum, it) => sum + it.deliveries.length, 0), { timeout: 10_000 }).toBe(total);
}
