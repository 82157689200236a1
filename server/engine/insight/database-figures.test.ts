import { afterEach, beforeEach, expect, it } from "vitest";
import type { Figures } from "../../domain/figures.ts";
import { createMatchingCounts } from "../../services/insight/count-matching.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { databaseUnavailable } from "../database-unavailable.ts";
import { createTopic, type Instance, openInstance, publish } from "../testing/consumer-rig.ts";
import { holdUp } from "../testing/database-faults.ts";
import { parkLetters } from "../testing/letters.ts";
import { createDatabaseFigures, type DatabaseFiguresOptions } from "./database-figures.ts";

const actor = { name: "person:ann", requestId: "r1" };
const topic = "orders";

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

function open(more: Partial<DatabaseFiguresOptions> = {}) {
  return createDatabaseFigures(a.database.pool, {
    health: { check: async () => undefined },
    countMatching: createMatchingCounts(a.database).of,
    onError: (error) => a.errors.push(error),
    freshMs: 0,
    ...more,
  });
}

async function read(more: Partial<DatabaseFiguresOptions> = {}): Promise<Figures> {
  const { figures } = await open(more).read();
  if (figures === null) throw new Error(`there are no figures: ${a.errors.join()}`);
  return figures;
}

const declare = (consumer: string, more: Partial<Parameters<Instance["declare"]>[1]> = {}) =>
  a.declare(consumer, { topics: [{ topic, start: "earliest" }], ...more });

it("tells heads, lags, what passes filters, attempts, failures and members", async () => {
  await declare("billing", { retry: { maxAttempts: 5, backoff: { delaysMs: [600_000] }, permanentErrors: [] } });
  await declare("mail", { topics: [{ topic, start: "earliest", types: ["even"] }] });
  await publish(a, topicId, { count: 20, keys: 20 });
  const member = await a.join("billing", "one");
  await member.delivered(20);
  await a.ack("billing", member.deliveries.slice(0, 4));
  await a.retry("billing", member.deliveries.slice(4, 5));

  const { topics, consumers, subscriptions, parked, databaseBytes, leftOut } = await read();
  expect(topics).toEqual([
    { topic, head: 20, retained: 20, bytes: expect.any(Number), maxBytes: null, isHeldUp: false },
  ]);
  const quiet = { isPaused: false, isHalted: false, isBreakerOpen: false };
  expect(consumers).toEqual([
    { id: expect.any(Number), consumer: "billing", members: 1, ...quiet },
    { id: expect.any(Number), consumer: "mail", members: 0, ...quiet },
  ]);
  const [billing, mail] = subscriptions;
  expect(billing).toMatchObject({ consumer: "billing", topic, lag: 15, matchingLag: 15, failed: 1 });
  // Four went well, and one was parked.
  expect(billing?.settled).toBe(5);
  expect(mail).toMatchObject({ consumer: "mail", topic, lag: 20, matchingLag: 10, settled: 0, failed: 0 });
  expect(mail?.lagSeconds).toBeGreaterThan(0);
  expect(parked.map((it) => [it.consumer, it.counts])).toEqual([
    ["billing", { retrying: 1, dead: 0, blocked: 0, discarded: 0 }],
    ["mail", { retrying: 0, dead: 0, blocked: 0, discarded: 0 }],
  ]);
  expect(databaseBytes).toBeGreaterThan(1_000_000);
  expect(leftOut).toEqual({ topics: 0, consumers: 0, subscriptions: 0, parkedEvents: 0 });
});

it("tells the age of the event after the position, and of what was parked first", async () => {
  await declare("billing");
  await declare("audit");
  await publish(a, topicId, { count: 20 });
  await parkLetters(a.database, { consumer: "billing", topicId, count: 3, keys: 2 });
  await a.database.pool.query("ALTER TABLE event DISABLE TRIGGER USER");
  await a.database.pool.query(
    `UPDATE event SET recorded_at = now() - make_interval(secs => (30 - "offset") * 100) WHERE "offset" IN (1, 4)`,
  );
  await a.database.pool.query(
    `UPDATE parked_event SET parked_at = now() - make_interval(secs => 1000 * (4 - "offset")),
       state = CASE WHEN "offset" = 1 THEN 'discarded' ELSE state END`,
  );
  const { subscriptions, parked } = await read();
  // Of billing's the fourth event is next; what is discarded waits for nobody.
  expect(subscriptions.map((it) => Math.floor(it.lagSeconds / 100))).toEqual([26, 29]);
  expect(parked.map((it) => Math.floor(it.oldestSeconds / 1_000))).toEqual([2, 0]);
  expect(parked[0]?.counts).toEqual({ retrying: 0, dead: 1, blocked: 1, discarded: 1 });
});

it("tells nothing as parked that an operation only delivers again", async () => {
  await declare("billing");
  await publish(a, topicId, { count: 5 });
  await parkLetters(a.database, { consumer: "billing", topicId, count: 3, keys: 3 });
  await a.database.pool.query(`UPDATE parked_event SET is_rerun = true WHERE "offset" < 3`);
  // A letter whose event was handled before is a letter.
  await a.database.pool.query(`UPDATE parked_event SET is_replay = true WHERE "offset" = 3`);
  expect((await read()).parked[0]?.counts).toEqual({ retrying: 0, dead: 1, blocked: 0, discarded: 0 });
});

it("tells that retention is held up only while a consumer is waited for", async () => {
  await publish(a, topicId, { count: 20 });
  const isHeldUp = async () => (await read()).topics[0]?.isHeldUp;
  const retain = (retention: object) =>
    a.database.pool.query("UPDATE topic SET retention = $1", [JSON.stringify(retention)]);
  await retain({ maxEvents: 5, maxBytes: 1_000_000 });
  expect(await isHeldUp()).toBe(false);
  await declare("billing");
  expect((await read()).topics).toMatchObject([{ isHeldUp: true, maxBytes: 1_000_000 }]);
  await retain({ maxEvents: 5, force: true });
  expect(await isHeldUp()).toBe(false);
  await retain({ maxEvents: 20 });
  expect(await isHeldUp()).toBe(false);
});

it("tells pauses that are in force, halts, open breakers, and operations with their progress", async () => {
  await declare("billing");
  await declare("mail", { ordering: "topic" });
  await publish(a, topicId, { count: 20 });
  await parkLetters(a.database, { consumer: "billing", topicId, count: 6, keys: 3 });
  await a.discard({ consumer: "billing", filter: {}, reason: "tested", actor });
  await a.database.pool.query("UPDATE operation SET done = 2, failed = 1");
  await a.pause({ consumer: "billing", reason: "tested", actor });
  await a.database.pool.query("UPDATE consumer SET breaker_opened_at = now() WHERE name = 'billing'");
  await a.database.pool.query(
    "UPDATE consumer SET pause_kind = 'halted', paused_at = now(), paused_until = NULL WHERE name = 'mail'",
  );
  const { consumers, operations } = await read();
  expect(consumers).toMatchObject([
    { consumer: "billing", isPaused: true, isHalted: false, isBreakerOpen: true },
    { consumer: "mail", isPaused: true, isHalted: true, isBreakerOpen: false },
  ]);
  expect(operations).toEqual([
    { consumer: "billing", kind: "discard", status: "queued", count: 1, total: 6, done: 2, failed: 1 },
  ]);
  await a.database.pool.query("UPDATE consumer SET paused_until = now() - interval '1 s'");
  expect((await read()).consumers).toMatchObject([{ isPaused: false }, { isPaused: false, isHalted: false }]);
});

it("leaves out what is removed", async () => {
  await declare("billing");
  const otherId = await createTopic(a.database, "invoices");
  await a.declare("billing", { topics: [{ topic }, { topic: "invoices" }] });
  await a.database.pool.query("UPDATE topic SET removed_at = now() WHERE id = $1", [otherId]);
  const { topics, subscriptions, parked } = await read();
  expect([topics, subscriptions, parked].map((rows) => rows.map((it) => it.topic))).toEqual([
    [topic],
    [topic],
    [topic],
  ]);
  await publish(a, topicId, { count: 20 });
  await a.database.pool.query(`UPDATE topic SET retention = '{"maxEvents":5}'`);
  expect((await read()).topics).toMatchObject([{ isHeldUp: true }]);
  await a.database.pool.query("UPDATE consumer SET removed_at = now()");
  const after = await read();
  // What is in the bin is waited for by nobody.
  expect(after.topics).toMatchObject([{ isHeldUp: false }]);
  expect([after.consumers, after.subscriptions, after.parked]).toEqual([[], [], []]);
});

it("leaves out the newest beyond its bounds, and says how many", async () => {
  for (const name of ["a", "b", "c"]) await declare(name);
  await createTopic(a.database, "invoices");
  await publish(a, topicId, { count: 20 });
  await parkLetters(a.database, { consumer: "a", topicId, count: 5, keys: 5 });
  const bounds = { maxTopics: 1, maxConsumers: 2, maxSubscriptions: 1, maxParked: 3 };
  const { topics, consumers, subscriptions, parked, leftOut } = await read({ bounds });
  expect(topics.map((it) => it.topic)).toEqual([topic]);
  expect(consumers.map((it) => it.consumer)).toEqual(["a", "b"]);
  expect(subscriptions.map((it) => it.consumer)).toEqual(["a"]);
  expect(parked[0]?.counts.dead).toBe(3);
  expect(leftOut).toEqual({ topics: 1, consumers: 1, subscriptions: 2, parkedEvents: 1 });
});

it("asks the database once for all who read meanwhile, and not again while its figures stand", async () => {
  let clock = 0;
  let statements = 0;
  const { pool } = a.database;
  const counting = {
    query(statement: never) {
      statements += 1;
      return pool.query(statement);
    },
  } as unknown as typeof pool;
  const figures = createDatabaseFigures(counting, {
    health: { check: async () => undefined },
    countMatching: async () => new Map(),
    onError: (error) => a.errors.push(error),
    freshMs: 5_000,
    now: () => clock,
  });
  await Promise.all(Array.from({ length: 50 }, () => figures.read()));
  expect(statements).toBe(1);
  clock = 4_999;
  expect(await figures.read()).toMatchObject({ ageSeconds: 4.999 });
  expect(statements).toBe(1);
  clock = 5_000;
  expect(await figures.read()).toMatchObject({ ageSeconds: 0 });
  expect(statements).toBe(2);
});

it("lets figures that took long stand longer", async () => {
  let clock = 0;
  const figures = open({ freshMs: 5_000, now: () => clock });
  const held = holdUp(a, "select_figures");
  const reading = figures.read();
  await expect.poll(held.waiting).toBe(1);
  clock = 1_000;
  held.letGo();
  await reading;
  clock = 19_999;
  expect((await figures.read()).ageSeconds).toBeCloseTo(19.999);
  clock = 20_000;
  expect((await figures.read()).ageSeconds).toBe(0);
});

it("tells the figures before, with their age, while newer ones take long, and none that are too old", async () => {
  let clock = 0;
  const figures = open({ waitMs: 1, keepMs: 60_000, now: () => clock });
  const first = open();
  await first.read();
  await expect.poll(async () => (await figures.read()).figures).not.toBeNull();
  const held = holdUp(a, "select_figures");
  clock = 60_000;
  const { figures: before, ageSeconds } = await figures.read();
  expect([before?.topics.length, ageSeconds]).toEqual([1, 60]);
  clock = 60_001;
  expect(await figures.read()).toEqual({ isDatabaseUp: true, figures: null, ageSeconds: 0 });
  held.letGo();
  await expect.poll(async () => (await figures.read()).figures).not.toBeNull();
  await figures.close();
});

it("tells no figures while the database is away, and never rejects", async () => {
  const figures = open({ health: { check: () => Promise.reject(databaseUnavailable()) } });
  expect(await figures.read()).toEqual({ isDatabaseUp: false, figures: null, ageSeconds: 0 });
});
