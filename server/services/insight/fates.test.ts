import { afterAll, beforeAll, expect, test } from "vitest";
import type { Fate } from "../../contract/account.ts";
import {
  createTopic,
  type Instance,
  openInstance,
  publish,
  type TestMember,
} from "../../engine/testing/consumer-rig.ts";
import { createTopicDirectory } from "../../engine/topics/directory.ts";
import { retentionStep } from "../../engine/topics/retention.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { getAccount } from "./get-account.ts";
import { getFates } from "./get-fates.ts";

let db: TestDatabase;
let instance: Instance;
let member: TestMember;
let topicId: number;
const actor = { name: "person:ann", requestId: "r" };

beforeAll(async () => {
  db = await testDatabase();
  instance = openInstance(db.url);
  topicId = await createTopic(instance.database, "orders");
  // Offsets 1 … 8, keys k1 k2 k3 k4 k0 k1 k2 k3.
  await publish(instance, topicId, { count: 8, keys: 5 });
  await instance.declare("billing", {
    topics: [{ topic: "orders", start: "earliest" }],
    retry: { maxAttempts: 5, backoff: { delaysMs: [600_000] }, permanentErrors: ["Boom"] },
    maxInFlight: 6,
  });
  await instance.declare("even", { topics: [{ topic: "orders", start: "earliest", types: ["even"] }] });
  await instance.declare("late", { topics: [{ topic: "orders", start: "latest" }] });
  member = await instance.join("billing", "one");
  await member.delivered(6);
});
afterAll(async () => {
  await instance.close("crashed");
  await db.drop();
});

async function fate(offset: number, consumer = "billing"): Promise<Fate | undefined> {
  const topics = createTopicDirectory(instance.database);
  const fates = await getFates({ ...instance, topics })({ topic: "orders", offset });
  return fates.find((it) => it.consumer === consumer);
}
const at = (offset: number) => member.deliveries.filter((it) => it.offset === offset);

test("a delivery in flight names its member, and what comes after says how much is ahead of it", async () => {
  expect(await fate(1)).toMatchObject({
    fate: "in-flight",
    detail: "attempt 1 is with one",
    member: "one",
    attempt: 1,
  });
  expect(await fate(8)).toMatchObject({ fate: "pending", detail: "not delivered yet; 7 events come before it" });
});

test("a failed event says when it is tried again and why it failed; its followers say what they wait behind", async () => {
  await instance.retry("billing", at(1), { error: { name: "CardDeclined", message: "no funds\nmore" } });
  await member.until(() => member.frame("parked") !== undefined, "the parking of 1");
  expect(await fate(1)).toMatchObject({
    fate: "retrying",
    detail: "attempt 1 of 5, next in 10 min; CardDeclined: no funds",
    attempt: 1,
    dueAt: expect.stringMatching(/^20\d\d-.*Z$/),
    parked: "retrying",
  });
  await expect.poll(async () => (await fate(6))?.fate).toBe("blocked");
  expect(await fate(6)).toMatchObject({ detail: "waits behind event 1", behind: 1 });
});

test("a dead letter, a settled event and a discarded one say so", async () => {
  await instance.settle(
    "billing",
    at(2).map((it) => ({ ...it, outcome: "dead-letter", error: { name: "Boom", message: "" } })),
  );
  await instance.ack("billing", at(3));
  expect(await fate(2)).toMatchObject({ fate: "dead", detail: "a dead letter after 1 attempt; Boom", parked: "dead" });
  expect(await fate(3)).toMatchObject({ fate: "settled", detail: "settled", parked: null });
  await instance.database.pool.query(
    `UPDATE parked_event SET state = 'discarded', discarded_by = 'person:ann', discarded_at = '2026-11-20T21:00:00Z',
       discard_reason = 'a test' WHERE "offset" = 2`,
  );
  expect(await fate(2)).toMatchObject({
    fate: "discarded",
    detail: "discarded by person:ann at 2026-11-20T21:00:00Z: a test",
  });
});

test("what the filter excludes, what lies before the start, and what a position change skipped say so", async () => {
  expect(await fate(3, "even")).toMatchObject({
    fate: "filtered",
    detail: "the consumer's filter passes over it (type odd)",
  });
  expect(await fate(3, "late")).toMatchObject({ fate: "before-start", detail: "the consumer began after offset 8" });
  const plan = await instance.plan({ consumer: "even", target: { to: "offset", offset: 7 }, actor });
  const change = await instance.change({ consumer: "even", planId: plan.id, token: plan.token, reason: "test", actor });
  expect(await fate(4, "even")).toMatchObject({
    fate: "skipped",
    change: change.id,
    detail: "a position change by person:ann went past it",
  });
});

test("the account of a running consumer counts what is in flight, and adds up", async () => {
  const [account] = await getAccount(instance)({ consumer: "billing", topic: "orders" });
  expect(account).toMatchObject({ head: 8, total: 8, settled: { count: 1 }, retrying: { count: 1, ranges: [[1, 1]] } });
  expect(account?.discarded.ranges).toEqual([[2, 2]]);
  expect(account?.inFlight.count).toBeGreaterThanOrEqual(2);
});

test("a consumer tells how it stands and what holds it up", async () => {
  const description = await instance.describe({ consumer: "billing" });
  expect(description).toMatchObject({
    status: "blocked",
    parked: { retrying: 1, dead: 0, discarded: 1 },
    pause: null,
    why: "held up by key k1: attempt 1 of 5, next in 10 min; 1 event waits behind it",
  });
  await instance.pause({ consumer: "billing", reason: "maintenance", actor });
  expect(await instance.describe({ consumer: "billing" })).toMatchObject({
    status: "paused",
    why: "paused by person:ann: maintenance",
    pause: { kind: "operator", by: "person:ann", reason: "maintenance", until: null },
  });
});

test("an event that is kept for one consumer has expired for another that retention was forced to pass", async () => {
  const topic = "short";
  const shortId = await createTopic(instance.database, topic);
  await publish(instance, shortId, { count: 10 });
  await instance.declare("failing", { topics: [{ topic, start: "earliest" }] });
  await instance.declare("absent", { topics: [{ topic, start: "earliest" }] });
  const { pool } = instance.database;
  await pool.query(
    `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempts_max)
     SELECT id, $1, 1, 'k1', 'kk1', 1, 'odd', 'dead', 1 FROM consumer WHERE name = 'failing'`,
    [shortId],
  );
  await pool.query(`UPDATE topic SET retention = '{"maxEvents":3,"force":true}' WHERE id = $1`, [shortId]);
  while ((await retentionStep(pool, shortId)) > 0);
  const of = async (consumer: string) => {
    const topics = createTopicDirectory(instance.database);
    const fates = await getFates({ ...instance, topics })({ topic, offset: 1 });
    return fates.find((it) => it.consumer === consumer);
  };
  expect(await of("failing")).toMatchObject({ fate: "dead" });
  expect(await of("absent")).toMatchObject({ fate: "expired" });
  const member = await instance.join("absent", "two");
  await member.delivered(3);
  await instance.ack("absent", member.deliveries);
  await expect.poll(async () => (await instance.describe({ consumer: "absent" })).topics[0]?.position).toBe(10);
  expect(await of("absent")).toMatchObject({
    fate: "expired",
    detail: "retention took it before it could be delivered",
  });
});

test("an event that is not there has no fate", async () => {
  await expect(fate(99)).rejects.toMatchObject({ code: "event-not-found" });
});
