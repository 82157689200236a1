import { afterEach, beforeEach, expect, it } from "vitest";
import type { Delivery } from "../../contract/settlements.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { createTopic, type Instance, openInstance, publish, type TestMember } from "../testing/consumer-rig.ts";

const consumer = "billing";
const topic = "orders";
const BREAKER = { failureShare: 0.9, minSettlements: 20, windowMs: 30_000, probeMinMs: 300, probeMaxMs: 1_000 };
const retry = { maxAttempts: 3, backoff: { delaysMs: [0] }, permanentErrors: [] };

let db: TestDatabase;
let a: Instance;
let topicId: number;

beforeEach(async () => {
  db = await testDatabase();
  a = openInstance(db.url);
  topicId = await createTopic(a.database, topic);
});
afterEach(async () => {
  await a.close("crashed");
  await db.drop();
});

const declare = (more: Partial<Parameters<Instance["declare"]>[1]> = {}) =>
  a.declare(consumer, { topics: [{ topic, start: "earliest" }], breaker: BREAKER, retry, ...more });
const status = async () => (await a.describe({ consumer })).status;
const actions = async () => {
  const { rows } = await a.database.pool.query<{ action: string; actor: string }>(
    "SELECT action, actor FROM audit_entry WHERE action LIKE 'consumer.breaker%' ORDER BY id",
  );
  return rows.map((it) => `${it.actor} ${it.action}`);
};
/** How many deliveries may have been tried since it opened. */
async function probes(): Promise<number> {
  const { rows } = await a.database.pool.query<{ probes: number }>("SELECT breaker_probes AS probes FROM consumer");
  return rows[0]?.probes ?? 0;
}
/** Fails whatever comes until the breaker is open and the member knows, and then what it still has. */
async function failUntilOpen(member: TestMember): Promise<number> {
  let seen = 0;
  const failFresh = async () => {
    const fresh: Delivery[] = member.deliveries.slice(seen);
    seen += fresh.length;
    if (fresh.length > 0) await a.retry(consumer, fresh);
    await new Promise((resolve) => setImmediate(resolve));
  };
  while (member.frame("paused") === undefined) await failFresh();
  await failFresh();
  return seen;
}

it("opens when nearly everything fails, before an outage makes a topic of dead letters, and tries one delivery at a time", async () => {
  await declare();
  await publish(a, topicId, { count: 200, keys: 200 });
  const member = await a.join(consumer, "m1", { order: "strict" });
  await member.delivered(20);
  const before = await failUntilOpen(member);
  expect(member.frame("paused")?.data).toMatchObject({ kind: "breaker" });
  const described = await a.describe({ consumer });
  expect(described).toMatchObject({ status: "failing", failing: { error: { name: "Boom" } } });
  expect(await actions()).toEqual(["system consumer.breaker-opened"]);
  // What was with the member has failed as well: no attempt is used up.
  for (let probe = 1; probe <= 4; probe++) {
    await member.delivered(before + probe);
    const tried = member.deliveries.length - before;
    expect(await probes()).toBeGreaterThanOrEqual(tried);
    await a.retry(consumer, member.deliveries.slice(-1));
  }
  expect((await a.parked(consumer)).filter((it) => it.includes("dead"))).toEqual([]);
  expect(await status()).toBe("failing");
});

it("closes by itself with the first delivery that goes well, and everything goes on", async () => {
  await declare();
  await publish(a, topicId, { count: 60, keys: 60 });
  const member = await a.join(consumer, "m1", { order: "strict" });
  await member.delivered(20);
  const before = await failUntilOpen(member);
  await member.delivered(before + 1);
  await a.ack(consumer, member.deliveries.slice(-1));
  await expect.poll(status).not.toBe("failing");
  await member.until(() => member.frame("resumed") !== undefined, "the member to be told");
  for (
    let seen = before + 1;
    (await a.describe({ consumer })).topics[0]?.lag !== 0 || (await a.parked(consumer)).length > 0;
  ) {
    const fresh = member.deliveries.slice(seen);
    seen += fresh.length;
    if (fresh.length > 0) await a.ack(consumer, fresh);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await actions()).toEqual(["system consumer.breaker-opened", "system consumer.breaker-closed"]);
});

it("uses up no attempts while it is open", async () => {
  await declare({ retry: { ...retry, maxAttempts: 2 } });
  await publish(a, topicId, { count: 20, keys: 20 });
  const member = await a.join(consumer, "m1", { order: "strict" });
  await member.delivered(20);
  await a.retry(consumer, member.deliveries, { delayMs: 200 });
  await expect.poll(status).toBe("failing");
  for (let count = 21; count <= 23; count++) {
    await member.delivered(count);
    await a.retry(consumer, member.deliveries.slice(count - 1, count));
  }
  expect((await a.parked(consumer)).filter((it) => it.includes("dead"))).toEqual([]);
});

it("is not closed by what was with the member before it opened", async () => {
  await declare();
  await publish(a, topicId, { count: 40, keys: 40 });
  const member = await a.join(consumer, "m1", { order: "strict" });
  await member.delivered(40);
  await a.retry(consumer, member.deliveries.slice(1));
  await expect.poll(status).toBe("failing");
  await member.delivered(41);
  await a.ack(consumer, member.deliveries.slice(0, 1));
  await a.retry(consumer, member.deliveries.slice(40));
  await member.delivered(42);
  expect(await actions()).toEqual(["system consumer.breaker-opened"]);
});

it("stays closed for one event that fails again and again, which becomes a dead letter", async () => {
  await declare({ retry: { ...retry, maxAttempts: 40 } });
  await publish(a, topicId, { count: 1 });
  const member = await a.join(consumer, "m1");
  for (let attempt = 1; attempt <= 40; attempt++) {
    await member.delivered(attempt);
    await a.retry(consumer, member.deliveries.slice(-1));
  }
  expect(await a.parked(consumer)).toEqual(["orders/1 dead 40"]);
  expect(await actions()).toEqual([]);
});

it("leaves an operator's pause an operator's", async () => {
  const actor = { name: "person:x", requestId: "r" };
  await declare();
  await publish(a, topicId, { count: 40, keys: 40 });
  const member = await a.join(consumer, "m1", { order: "strict" });
  await member.delivered(40);
  await a.pause({ consumer, reason: "a look", actor });
  await a.retry(consumer, member.deliveries);
  await expect.poll(actions).toEqual(["system consumer.breaker-opened"]);
  expect((await a.describe({ consumer })).pause).toMatchObject({ kind: "operator", reason: "a look" });
  expect(await status()).toBe("paused");
});

it("tries at a member that has something to do, not at one that stands idle", async () => {
  await declare({ partitions: 2, breaker: { ...BREAKER, failureShare: 0.3 } });
  const idle = await a.join(consumer, "m1", { order: "strict" });
  const busy = await a.join(consumer, "m2", { order: "strict" });
  await busy.until(() => (busy.frame("assignment")?.data.partitions as unknown[])?.length === 1, "its partition");
  const bothHave = () => idle.deliveries.length + busy.deliveries.length === 80;
  await publish(a, topicId, { count: 80, keys: 80 });
  await expect.poll(bothHave).toBe(true);
  await a.ack(consumer, idle.deliveries);
  const handled = idle.deliveries.length;
  for (let tried = await failUntilOpen(busy), probe = 1; probe <= 3; probe++) {
    tried += 1;
    await busy.delivered(tried);
    await a.retry(consumer, busy.deliveries.slice(-1));
  }
  expect(idle.deliveries).toHaveLength(handled);
});
