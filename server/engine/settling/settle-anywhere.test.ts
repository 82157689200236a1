import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Delivery, Settlement } from "../../contract/settlements.ts";
import { DomainError } from "../../domain/errors.ts";
import { partitionOf } from "../../domain/partition-of.ts";
import { isInstanceAlive } from "../../store/instance-alive.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { boom, createTopic, type Instance, openInstance, publish, type TestMember } from "../testing/consumer-rig.ts";
import { holdUp } from "../testing/database-faults.ts";

// Settlements that arrive at an instance which does not hold their partition: the holder settles them.

const topic = "orders";
const EVENTS = 12;
const KEYS = 4;
const PARTITIONS = 2;

let db: TestDatabase;
let topicId: number;
let count = 0;
const instances: Instance[] = [];

beforeAll(async () => {
  db = await testDatabase();
  topicId = await createTopic(db.database, topic);
  const first = open();
  await publish(first, topicId, { count: EVENTS, keys: KEYS });
});
afterEach(closeAll);
afterAll(async () => {
  await closeAll();
  await db.drop();
});

function open(options: Parameters<typeof openInstance>[1] = { leaseMs: 60_000 }): Instance {
  const instance = openInstance(db.url, options);
  instances.push(instance);
  return instance;
}

async function closeAll(): Promise<void> {
  await Promise.all(instances.splice(0).map((it) => it.close("crashed")));
}

const retry = { maxAttempts: 3, backoff: { delaysMs: [600_000] }, permanentErrors: [] };

async function declared(at: Instance, more: { readonly reconnectGraceMs?: number } = {}): Promise<string> {
  const consumer = `billing-${++count}`;
  await at.declare(consumer, {
    topics: [{ topic, start: "earliest" }],
    partitions: PARTITIONS,
    retry,
    ...more,
  });
  return consumer;
}

/** A member that has everything in hand. */
async function atWork(holder: Instance, consumer: string): Promise<TestMember> {
  const member = await holder.join(consumer, "m1");
  await member.delivered(EVENTS);
  return member;
}

const partition = (offset: number) => partitionOf({ key: `k${offset % KEYS}`, offset }, PARTITIONS);
const rare = <T>(often: T, seldom: T) => fc.oneof({ weight: 9, arbitrary: fc.constant(often) }, fc.constant(seldom));

const settlement = fc
  .record({
    offset: fc.integer({ min: 1, max: EVENTS + 1 }),
    outcome: fc.constantFrom("ack", "ack", "ack", "retry", "dead-letter", "skip", "extend"),
    attempt: fc.constantFrom(undefined, 1, 2),
    hasState: fc.boolean(),
    isMisplaced: rare(false, true),
    isStale: rare(false, true),
  })
  .map(({ offset, outcome, attempt, hasState, isMisplaced, isStale }): Settlement => {
    const own = partition(offset);
    const isFailure = outcome === "retry" || outcome === "dead-letter";
    return {
      topic,
      partition: isMisplaced ? PARTITIONS - 1 - own : own,
      epoch: isStale ? 2 : 1,
      offset,
      outcome,
      ...(attempt !== undefined && { attempt }),
      ...(isFailure && { error: boom }),
      ...(outcome === "skip" && { reason: "not for us" }),
      ...(hasState && outcome !== "extend" && { state: { set: { [`k${offset % KEYS}`]: offset } } }),
    };
  });

/** All that settlements write, without times and names. */
async function rowsOf(consumer: string): Promise<unknown> {
  const of = async (columns: string, table: string, order: string) =>
    (
      await db.database.pool.query(
        `SELECT ${columns} FROM ${table} WHERE consumer_id = (SELECT id FROM consumer WHERE name = $1) ORDER BY ${order}`,
        [consumer],
      )
    ).rows;
  return {
    cursors: await of("partition, position, settled::text, settled_count, failed_count", "cursor", "partition"),
    parked: await of(
      `"offset", key, hash, state, attempt, attempts_max, error_name, error_message, discarded_by, discard_reason`,
      "parked_event",
      '"offset"',
    ),
    state: await of("key, value::text, version", "state_entry", "key"),
    attempts: await of('"offset", attempt, member, outcome, error_name', "delivery_attempt", '"offset", attempt'),
    versions: await of("parked_version", "lease", "partition"),
  };
}

async function outcomeOf(settling: Promise<unknown>): Promise<unknown> {
  try {
    return await settling;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { code, message, details } = error;
    return { code, message, facts: details.facts, retryAfterSeconds: details.retryAfterSeconds };
  }
}

it("settlements give the same answers and leave the same rows, whether they arrive at the holder or elsewhere", {
  timeout: 120_000,
}, async () => {
  const holder = open();
  const other = open();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(settlement, { minLength: 1, maxLength: 4 }), { minLength: 8, maxLength: 14, size: "max" }),
      async (requests) => {
        const [here, there] = [await declared(holder), await declared(holder)];
        const members = await Promise.all([atWork(holder, here), atWork(holder, there)]);
        for (const settlements of requests) {
          const [atHolder, elsewhere] = await Promise.all([
            outcomeOf(holder.settle(here, settlements)),
            outcomeOf(other.settle(there, settlements)),
          ]);
          expect(elsewhere, JSON.stringify(settlements)).toEqual(atHolder);
        }
        // Passed-over offsets come a moment later.
        await expect.poll(async () => [await rowsOf(there)], { timeout: 5_000 }).toEqual([await rowsOf(here)]);
        for (const it of members) await it.joined?.leave();
      },
    ),
    { numRuns: 12, seed: 20_261_125, endOnFailure: true },
  );
  expect([...holder.errors, ...other.errors]).toEqual([]);
});

it("a request that members of two instances could have sent is settled at each of them, and a refusal names the caller's indexes", async () => {
  const [a, b, c] = [open({}), open({}), open({})];
  const consumer = await declared(a);
  const members = [await a.join(consumer, "m1"), await b.join(consumer, "m2")];
  await expect.poll(() => members.map((it) => it.deliveries.length > 0), { timeout: 10_000 }).toEqual([true, true]);
  const two = members[1]?.deliveries[0] as Delivery;
  const one = members[0]?.deliveries.find((it) => it.partition !== two.partition) as Delivery;
  expect(await c.ack(consumer, [one, two])).toEqual({ settled: 2 });
  const beyond = { ...two, offset: EVENTS + 1 };
  await expect(c.ack(consumer, [one, beyond])).rejects.toMatchObject({
    code: "not-delivered",
    details: { facts: { undelivered: [{ index: 1, offset: EVENTS + 1 }] } },
  });
});

it("what the members of a dead instance still have to say counts at another one, once; it holds their partitions then", async () => {
  const [a, b] = [open(), open()];
  const consumer = await declared(a, { reconnectGraceMs: 5_000 });
  const member = await atWork(a, consumer);
  const { pool } = db.database;
  await expect.poll(() => isInstanceAlive(pool, a.instance)).toBe(true);
  instances.splice(instances.indexOf(a), 1);
  await a.close("crashed");
  expect(await isInstanceAlive(pool, a.instance)).toBe(false);
  const startedAt = performance.now();
  const state = { set: { runs: 1 } };
  const all = { settled: member.deliveries.length };
  expect(await b.ack(consumer, member.deliveries, { state })).toEqual(all);
  expect(performance.now() - startedAt).toBeLessThan(4_000);
  expect(await b.ack(consumer, member.deliveries, { state })).toEqual(all);
  expect(await b.getState({ consumer, key: "runs" })).toMatchObject({ version: member.deliveries.length });
  const { rows } = await pool.query(
    "SELECT DISTINCT holder FROM lease l JOIN consumer c ON c.id = l.consumer_id WHERE c.name = $1",
    [consumer],
  );
  expect(rows).toEqual([{ holder: b.instance }]);
});

it("an answer that does not come in time is a refusal to repeat, and the repeat counts once", async () => {
  const [a, b] = [open(), open()];
  const consumer = await declared(a);
  const member = await atWork(a, consumer);
  const taking = holdUp(a, "take_settlement_requests");
  const state = { set: { runs: 1 } };
  const first = b.ack(consumer, member.deliveries, { state });
  await expect(first).rejects.toMatchObject({ code: "holder-unavailable" });
  taking.letGo();
  expect(await b.ack(consumer, member.deliveries, { state })).toEqual({ settled: EVENTS });
  expect(await b.getState({ consumer, key: "runs" })).toMatchObject({ version: EVENTS });
  const { rows } = await db.database.pool.query(
    "SELECT FROM settlement_request WHERE consumer_id = (SELECT id FROM consumer WHERE name = $1)",
    [consumer],
  );
  expect(rows).toEqual([]);
});

it("settlements of a member that has left are stale at every instance, under its own epoch too", async () => {
  const [a, b] = [open(), open()];
  const consumer = await declared(a);
  const member = await atWork(a, consumer);
  await member.joined?.leave();
  expect(member.deliveries[0]?.epoch).toBe(1);
  for (const at of [a, b]) {
    await expect(at.ack(consumer, member.deliveries)).rejects.toMatchObject({ code: "stale-epoch" });
  }
});
