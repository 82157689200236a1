import { afterEach, beforeEach, expect, it } from "vitest";
import { type ConsumerDeclaration, consumerDeclaration } from "../../contract/consumers.ts";
import { createTopic, type Instance, openInstance, publish } from "../../engine/testing/consumer-rig.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { declareConsumer } from "./declare-consumer.ts";

const consumer = "precious";
const actor = { name: "person:ada", requestId: "r" };
const never = { maxAttempts: 1, backoff: { delaysMs: [1] }, permanentErrors: [] };

let db: TestDatabase;
let a: Instance;
let orders: number;

beforeEach(async () => {
  db = await testDatabase();
  a = openInstance(db.url);
  orders = await createTopic(a.database, "orders");
  await createTopic(a.database, "refunds");
});
afterEach(async () => {
  await a.close("crashed");
  await db.drop();
});

const declare = (declaration: ConsumerDeclaration, more: { copyFrom?: string; as?: string } = {}) =>
  declareConsumer({ database: a.database, wakeups: a.wakeups })({
    consumer: more.as ?? consumer,
    declaration: consumerDeclaration.parse(declaration),
    ...(more.copyFrom !== undefined && { copyFrom: more.copyFrom }),
    actor,
  });

async function lastAudit() {
  const { rows } = await a.database.pool.query(
    "SELECT action, before, after FROM audit_entry WHERE target = $1 ORDER BY id DESC LIMIT 1",
    [`consumer:${consumer}`],
  );
  return rows[0] as { action: string; before: Record<string, unknown>; after: Record<string, unknown> };
}

it("changes what is named and nothing else, says what, and audits it", async () => {
  const made = await declare({
    topics: [{ topic: "orders", types: ["paid"] }, { topic: "refunds" }],
    partitions: 4,
    retry: { maxAttempts: 20 },
    breaker: null,
    ackTimeoutMs: 600_000,
    maxInFlight: 7,
  });
  expect(made).toMatchObject({ created: true, changed: [] });
  const changed = await declare({ maxInFlight: 8, retry: { permanentErrors: ["Gone"] } });
  expect(changed).toMatchObject({ created: false, changed: ["retry", "maxInFlight"] });
  expect(changed.description).toMatchObject({
    topics: [{ topic: "orders", types: ["paid"] }, { topic: "refunds" }],
    partitions: 4,
    retry: { maxAttempts: 20, permanentErrors: ["Gone"], backoff: { initialMs: 1_000 } },
    breaker: null,
    ackTimeoutMs: 600_000,
    maxInFlight: 8,
    reconnectGraceMs: 5_000,
  });
  expect(await lastAudit()).toMatchObject({
    action: "consumer.changed",
    before: { maxInFlight: 7, partitions: 4 },
    after: { maxInFlight: 8, partitions: 4, changed: ["retry", "maxInFlight"] },
  });
  expect(await declare({ maxInFlight: 8 })).toMatchObject({ created: false, changed: [] });
  const back = await declare({ maxInFlight: null, breaker: {}, topics: [{ topic: "orders", types: null }] });
  expect(back.changed).toEqual(["topics", "breaker", "maxInFlight"]);
  expect(back.description).toMatchObject({
    maxInFlight: 256,
    breaker: { failureShare: 0.9 },
    topics: [{ topic: "orders" }],
  });
  expect(back.description.topics[0]?.types).toBeUndefined();
});

it("a new consumer has to name a topic; values that do not fit together are refused by field", async () => {
  await expect(declare({ partitions: 2 })).rejects.toMatchObject({ details: { fields: [{ field: "topics" }] } });
  await declare({ topics: [{ topic: "orders" }] });
  await expect(declare({ breaker: { probeMaxMs: 200 } })).rejects.toMatchObject({
    details: { fields: [{ field: "breaker.probeMaxMs" }] },
  });
});

it("a start beyond the head is refused, naming the field and the head", async () => {
  await publish(a, orders, { count: 10 });
  const refused = async (start: { offset: number } | { time: string }, field: string) =>
    expect(declare({ topics: [{ topic: "refunds" }, { topic: "orders", start }] })).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining("10"),
      details: { fields: [{ field: `topics[1].start.${field}` }] },
    });
  await refused({ offset: 410 }, "offset");
  await refused({ offset: 12 }, "offset");
  await refused({ time: new Date(Date.now() + 3_600_000).toISOString() }, "time");
  const made = await declare({ topics: [{ topic: "orders", start: { offset: 11 } }] });
  expect(made.description.topics[0]).toMatchObject({ position: 10, lag: 0 });
});

it("a topic that is dropped keeps its place and what is parked, and goes on from there when it is taken back", async () => {
  await declare({ topics: [{ topic: "orders" }, { topic: "refunds" }], retry: never, partitions: 2 });
  await publish(a, orders, { count: 10, keys: 10 });
  const member = await a.join(consumer, "m1");
  await member.delivered(10);
  await a.retry(consumer, [member.at(3)]);
  await a.ack(
    consumer,
    [1, 2, 4, 5].map((offset) => member.at(offset)),
  );
  const settled = async () =>
    (
      await a.database.pool.query(
        `SELECT partition, position, settled::text, settled_count FROM cursor WHERE topic_id = $1 ORDER BY partition`,
        [orders],
      )
    ).rows;
  const before = await settled();
  expect((await declare({ topics: [{ topic: "refunds" }] })).changed).toEqual(["topics"]);
  const without = await a.describe({ consumer });
  expect(without.topics.map((it) => it.topic)).toEqual(["refunds"]);
  expect(without.parked).toMatchObject({ dead: 0 });
  expect(await settled()).toEqual(before);

  const known = member.deliveries.length;
  await declare({ topics: [{ topic: "orders" }, { topic: "refunds" }] });
  expect(await settled()).toEqual(before);
  expect((await a.describe({ consumer })).parked).toMatchObject({ dead: 1 });
  await member.until(() => member.deliveries.length >= known + 5, "what was not settled");
  expect(
    member.deliveries
      .slice(known)
      .map((it) => it.offset)
      .sort((x, y) => x - y),
  ).toEqual([6, 7, 8, 9, 10]);
});

it("a topic that is taken back after the partitions changed has settled what it had, and nothing else", async () => {
  await declare({ topics: [{ topic: "orders" }, { topic: "refunds" }], partitions: 1 });
  await publish(a, orders, { count: 10, keys: 10 });
  const member = await a.join(consumer, "m1");
  await member.delivered(10);
  await a.ack(
    consumer,
    [1, 2, 3, 7].map((offset) => member.at(offset)),
  );
  await declare({ topics: [{ topic: "refunds" }] });
  await declare({ partitions: 3 });
  const known = member.deliveries.length;
  await declare({ topics: [{ topic: "orders" }, { topic: "refunds" }] });
  await member.until(() => member.deliveries.length >= known + 6, "what was not settled");
  expect(
    member.deliveries
      .slice(known)
      .map((it) => it.offset)
      .sort((x, y) => x - y),
  ).toEqual([4, 5, 6, 8, 9, 10]);
});

it("a topic that is taken back with a start begins there anew, and knows nothing of before", async () => {
  await declare({ topics: [{ topic: "orders" }, { topic: "refunds" }], retry: never });
  await publish(a, orders, { count: 10, keys: 10 });
  const member = await a.join(consumer, "m1");
  await member.delivered(10);
  await a.retry(consumer, [member.at(3)]);
  await declare({ topics: [{ topic: "refunds" }] });
  const { description } = await declare({ topics: [{ topic: "orders", start: { offset: 9 } }, { topic: "refunds" }] });
  expect(description.topics.find((it) => it.topic === "orders")).toMatchObject({ position: 8, lag: 2 });
  expect(description.parked).toMatchObject({ dead: 0 });
});

it("a copy takes the settings too, but for what is named", async () => {
  await declare({
    topics: [{ topic: "orders", types: ["paid"], liveOnly: ["mail"] }],
    partitions: 3,
    retry: { maxAttempts: 9 },
    breaker: null,
    reconnectGraceMs: 0,
  });
  const { created, description } = await declare({ maxInFlight: 5 }, { as: "precious-v2", copyFrom: consumer });
  expect(created).toBe(true);
  expect(description).toMatchObject({
    topics: [{ topic: "orders", types: ["paid"], liveOnly: ["mail"] }],
    partitions: 3,
    retry: { maxAttempts: 9 },
    breaker: null,
    reconnectGraceMs: 0,
    maxInFlight: 5,
  });
});
