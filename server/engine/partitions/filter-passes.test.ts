import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { testDatabase } from "../../testing/test-database.ts";
import { createTopic, failed, type Instance, openInstance, publish } from "../testing/consumer-rig.ts";
import { createFilterPasses, FilterRounds, type FilterRoundsOptions } from "./filter-passes.ts";

const actor = { name: "person:ada@example.org", requestId: "r1" };
let db: Awaited<ReturnType<typeof testDatabase>>;
let a: Instance;
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
  a = openInstance(db.url);
});
afterEach(async () => {
  await a.close("crashed");
  expect(a.errors).toEqual([]);
  await db.database.pool.query("DELETE FROM subscription");
});

/** Rounds until one has nothing to do. Returns how many steps moved something. */
async function rounds(options: FilterRoundsOptions = {}, on = new FilterRounds(a.database.pool, options)) {
  let steps = 0;
  for (let moved = await on.run(); moved > 0; moved = await on.run()) steps += moved;
  return steps;
}

async function position(): Promise<number> {
  const { topics } = await a.describe({ consumer });
  return topics[0]?.position ?? -1;
}

async function counts() {
  const [account] = await a.account({ consumer });
  if (account === undefined) throw new Error("no account");
  const { total, settled, filtered, pending, dead } = account;
  expect(total).toBe(account.head);
  return { settled: settled.count, filtered: filtered.count, pending: pending.count, dead: dead.count };
}

test("events that the filter leaves out are passed while nobody is connected, up to the first that passes", async () => {
  await a.declare(consumer, { topics: [{ topic, keys: ["k9", "k10"] }] });
  await publish(a, topicId, { count: 8, keys: 100 });
  await rounds();
  expect(await position()).toBe(8);
  await publish(a, topicId, { count: 20, keys: 100 });
  await rounds();
  expect(await position()).toBe(8);
  expect(await counts()).toEqual({ settled: 0, filtered: 26, pending: 2, dead: 0 });

  const member = await a.join(consumer, "m1");
  await member.delivered(2);
  expect(member.offsets).toEqual([9, 10]);
  await a.ack(consumer, member.deliveries);
  await member.joined?.goodbye();
  await publish(a, topicId, { count: 5, keys: 100 });
  await rounds();
  expect(await position()).toBe(33);
  expect(await counts()).toEqual({ settled: 2, filtered: 31, pending: 0, dead: 0 });
});

test("it goes in bounded steps, and what nobody can bring further is not looked at again", async () => {
  await publish(a, topicId, { count: 100 });
  await a.declare(consumer, { topics: [{ topic, types: ["odd"], start: { offset: 2 } }] });
  await a.declare(`${consumer}-none`, { topics: [{ topic, types: ["none"] }] });
  let looks = 0;
  const passes = new FilterRounds(a.database.pool, {
    maxScan: 30,
    onLooked: async () => {
      looks += 1;
    },
  });
  await rounds({}, passes);
  expect((await a.describe({ consumer })).topics[0]?.position).toBe(2);
  expect((await a.describe({ consumer: `${consumer}-none` })).topics[0]?.position).toBe(100);
  expect(looks).toBeGreaterThanOrEqual(5);
  const before = looks;
  await publish(a, topicId, { count: 1 });
  for (let again = 0; again < 3; again++) await passes.run();
  // The other one alone has something new to pass.
  expect(looks).toBe(before + 1);
});

test("each partition stops at its own first event, and what was settled above a position is passed with it", async () => {
  await a.declare(consumer, { topics: [{ topic, types: ["odd"] }], partitions: 4 });
  await publish(a, topicId, { count: 60, keys: 0 });
  const member = await a.join(consumer, "m1");
  await member.delivered(30);
  const isKept = (offset: number) => offset === 21 || offset === 43;
  await a.ack(
    consumer,
    member.deliveries.filter((it) => !isKept(it.offset)),
  );
  await member.joined?.goodbye();
  await publish(a, topicId, { count: 1, keys: 0 });
  await rounds({ maxScan: 7 });
  const { topics } = await a.describe({ consumer });
  // Without a key an event's partition is its offset's remainder.
  expect(topics[0]?.partitions.map((it) => it.position)).toEqual([61, 20, 61, 42]);
  expect(await counts()).toEqual({ settled: 28, filtered: 30, pending: 3, dead: 0 });
});

test("behind a parked event of a topic-ordered consumer nothing is passed; of another one it is", async () => {
  const other = `${consumer}-keys`;
  const retry = { maxAttempts: 1 };
  await a.declare(consumer, { topics: [{ topic, types: ["odd"] }], ordering: "topic", retry });
  await a.declare(other, { topics: [{ topic, types: ["odd"] }], retry });
  await publish(a, topicId, { count: 1 });
  for (const name of [consumer, other]) {
    const member = await a.join(name, "m1");
    await member.delivered(1);
    await a.settle(
      name,
      member.deliveries.map((it) => failed(it)),
    );
    await member.joined?.goodbye();
  }
  await publish(a, topicId, { count: 1 });
  await rounds();
  expect(await position()).toBeLessThan(2);
  expect((await a.describe({ consumer: other })).topics[0]?.position).toBe(2);
  expect((await counts()).dead).toBe(1);
});

test("a member that joins between the look and the move keeps its partitions to itself", async () => {
  await a.declare(consumer, { topics: [{ topic, types: ["none"] }] });
  await a.pause({ consumer, reason: "its member passes nothing", actor });
  await publish(a, topicId, { count: 10 });
  const moved = await rounds({
    onLooked: async () => {
      const member = await a.join(consumer, "m1");
      await member.until(() => member.frame("assignment") !== undefined);
    },
  });
  expect(moved).toBe(0);
  const { rows } = await a.database.pool.query(
    "SELECT member, epoch FROM lease l JOIN consumer c ON c.id = l.consumer_id WHERE c.name = $1",
    [consumer],
  );
  expect(rows).toEqual([{ member: "m1", epoch: 1 }]);
});

test("a filter that is widened between the look and the move loses nothing of what passes it now", async () => {
  await a.declare(consumer, { topics: [{ topic, types: ["none"] }] });
  await publish(a, topicId, { count: 10 });
  let isWidened = false;
  const onLooked = async () => {
    if (!isWidened) await a.declare(consumer, { topics: [{ topic, types: ["even"] }] });
    isWidened = true;
  };
  await rounds({ onLooked });
  const member = await a.join(consumer, "m1");
  await member.delivered(5);
  expect(member.offsets).toEqual([2, 4, 6, 8, 10]);
});

test("a position that is moved back between the look and the move stays where it was put", async () => {
  await publish(a, topicId, { count: 10 });
  await a.declare(consumer, { topics: [{ topic, types: ["even"], start: { offset: 5 } }] });
  let isMoved = false;
  const onLooked = async () => {
    if (isMoved) return;
    isMoved = true;
    const { id, token } = await a.plan({ consumer, target: { to: "earliest" }, actor });
    await a.change({ consumer, planId: id, token, reason: "again", actor });
  };
  expect(await rounds({ onLooked })).toBe(0);
  expect(await position()).toBe(0);
  await rounds();
  expect(await position()).toBe(1);
});

test("two instances at once, a member that comes and goes, and events that keep coming: every event is accounted for", async () => {
  const b = openInstance(db.url);
  await a.declare(consumer, { topics: [{ topic, keys: ["k3"] }], partitions: 3 });
  const everyMs = 5;
  const passes = [a, b].map(({ database }) =>
    createFilterPasses(database, { everyMs, onError: (e) => a.errors.push(e) }),
  );
  for (let round = 0; round < 6; round++) {
    await publish(a, topicId, { count: 50 });
    const member = await (round % 2 === 0 ? a : b).join(consumer, "m1");
    await member.delivered(5);
    await (round % 2 === 0 ? b : a).ack(consumer, member.deliveries);
    await member.joined?.goodbye();
  }
  await publish(a, topicId, { count: 2 });
  while ((await position()) < 302) await new Promise((resolve) => setImmediate(resolve));
  await Promise.all(passes.map((it) => it.close()));
  expect(await counts()).toEqual({ settled: 30, filtered: 272, pending: 0, dead: 0 });
  await b.close();
});
