import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Account } from "../../contract/account.ts";
import { type Coverage, covers } from "../../domain/coverage.ts";
import { partitionOf, sequenceHash } from "../../domain/partition-of.ts";
import { createTopic, type Instance, openInstance, publish } from "../../engine/testing/consumer-rig.ts";
import { selectAccountFacts } from "../../store/insight/account-facts-select.ts";
import { mergeCursors } from "../../store/settling/cursors-merge.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import { getAccount } from "./get-account.ts";

let db: TestDatabase;
let instance: Instance;
beforeAll(async () => {
  db = await testDatabase();
  instance = openInstance(db.url);
});
afterAll(async () => {
  await instance.close("crashed");
  await db.drop();
});

const actor = { name: "person:ann", requestId: "r" };
const EVENTS = 24;
let runs = 0;

/** The classes of an account as one class per offset; throws when an offset is in two. */
function classesOf(account: Account): string[] {
  const classes: string[] = Array(account.head).fill("settled");
  const put = (name: string, { ranges }: { ranges: readonly (readonly [number, number])[] }) => {
    for (const [from, to] of ranges) {
      for (let offset = from; offset <= to; offset++) {
        if (classes[offset - 1] !== "settled") throw new Error(`${offset} is ${classes[offset - 1]} and ${name}`);
        classes[offset - 1] = name;
      }
    }
  };
  const { filtered, inFlight, retrying, dead, blocked, discarded, beforeStart, pending, expired } = account;
  for (const [name, it] of Object.entries({
    filtered,
    inFlight,
    retrying,
    dead,
    blocked,
    discarded,
    beforeStart,
    pending,
    expired,
  })) {
    put(name, it);
    expect(classes.filter((other) => other === name)).toHaveLength(it.count);
  }
  for (const it of account.skipped) put(`skipped ${it.change}`, it);
  expect(classes.filter((it) => it === "settled")).toHaveLength(account.settled.count);
  return classes;
}

type Command =
  | { readonly do: "settle" | "park" | "discard" | "release"; readonly at: number }
  | { readonly do: "move"; readonly to: number }
  | { readonly do: "undo" }
  | { readonly do: "partitions"; readonly count: number }
  | { readonly do: "filter"; readonly isOn: boolean };

const at = fc.integer({ min: 1, max: EVENTS });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("settle" as const), at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("park" as const), at }) },
  fc.record({ do: fc.constantFrom("discard" as const, "release" as const), at }),
  fc.record({ do: fc.constant("move" as const), to: at }),
  fc.record({ do: fc.constant("undo" as const) }),
  fc.record({ do: fc.constant("partitions" as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ do: fc.constant("filter" as const), isOn: fc.boolean() }),
);

/** A consumer in the real database, and beside it what becomes of each offset, told one by one. */
async function openHistory(start: "earliest" | "latest" | { offset: number }) {
  runs += 1;
  const topic = `topic-${runs}`;
  const consumer = `consumer-${runs}`;
  const topicId = await createTopic(instance.database, topic);
  await publish(instance, topicId, { count: EVENTS / 2, keys: 5 });
  const setup = { partitions: 1, isFiltered: false };
  const declare = () =>
    instance.declare(consumer, {
      topics: [{ topic, start, types: setup.isFiltered ? ["even"] : null }],
      partitions: setup.partitions,
    });
  await declare();
  await publish(instance, topicId, { count: EVENTS / 2, keys: 5 });
  const { consumerId } = await requireConsumer(instance.database.pool, consumer);
  const { pool } = instance.database;
  const keyOf = (offset: number) => `k${offset % 5}`;
  const isExcluded = (offset: number) => setup.isFiltered && offset % 2 === 1;
  const offsets = Array.from({ length: EVENTS }, (_, index) => index + 1);
  const began = start === "earliest" ? 0 : start === "latest" ? EVENTS / 2 : start.offset - 1;
  /** Those that stand, with what each found. */
  const changes: { readonly id: string; readonly found: readonly { isCovered: boolean; how: string }[] }[] = [];
  const model = offsets.map((offset) => ({
    isCovered: offset <= began,
    isHandled: false,
    how: offset <= began ? "beforeStart" : "pending",
  }));

  async function parkedNow(): Promise<Map<number, string>> {
    const { rows } = await pool.query<{ offset: number; state: string }>(
      `SELECT "offset", state FROM parked_event WHERE consumer_id = $1`,
      [consumerId],
    );
    return new Map(rows.map((row) => [row.offset, row.state]));
  }

  async function coverage(): Promise<Coverage[]> {
    const { partitions } = await requireConsumer(pool, consumer);
    const [facts] = await selectAccountFacts(pool, { consumerId, partitions, topicIds: [topicId] });
    return [...(facts?.history.now ?? [])];
  }

  /**
   * What is covered now and was not before became so by what was just done; what was parked and is not any more was
   * cleared by it.
   */
  async function follow(how: string, parkedBefore: ReadonlyMap<number, string> = new Map()): Promise<void> {
    const now = await coverage();
    const parked = await parkedNow();
    model.forEach((it, index) => {
      const offset = index + 1;
      const event = { offset, hash: sequenceHash({ key: keyOf(offset), offset }) };
      const isCovered = now.some((layout) => covers(layout, event));
      if (isCovered && (!it.isCovered || (parkedBefore.has(offset) && !parked.has(offset)))) {
        it.how = isExcluded(offset) ? "filtered" : how;
        if (it.how === "settled" && !parked.has(offset)) it.isHandled = true;
      }
      it.isCovered = isCovered;
    });
  }

  const holder = randomUUID();

  /** As the holder of the partition does: what is not its own, or excluded, it passes over. */
  async function cover(offset: number): Promise<void> {
    const { partitions } = setup;
    const own = (it: number) => partitionOf({ key: keyOf(it), offset: it }, partitions);
    const partition = own(offset);
    const passed = offsets.filter((it) => it === offset || (it < offset && (own(it) !== partition || isExcluded(it))));
    const { rows } = await pool.query<{ epoch: number; version: number }>(
      `UPDATE lease SET holder = $3 WHERE consumer_id = $1 AND partition = $2
       RETURNING epoch, parked_version AS version`,
      [consumerId, partition, holder],
    );
    const ranges = `{${passed.map((it) => `[${it},${it + 1})`).join(",")}}`;
    await mergeCursors(pool, {
      consumerId,
      holder,
      expected: [{ partition, epoch: rows[0]?.epoch ?? 0, parkedVersion: rows[0]?.version ?? 0 }],
      cursors: [{ topicId, partition, ranges, settled: 1, failed: 0 }],
    });
    await follow("settled");
  }

  return {
    async run(it: Command): Promise<void> {
      switch (it.do) {
        case "settle":
          return cover(it.at);
        case "park": {
          if (model[it.at - 1]?.isCovered !== false) return;
          const key = keyOf(it.at);
          await pool.query(
            `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempts_max)
             VALUES ($1, $2, $3::bigint, $4, coalesce('k' || $4::text, 'o' || $3::bigint), $5, 'even', $6, 5) ON CONFLICT DO NOTHING`,
            [
              consumerId,
              topicId,
              it.at,
              key,
              sequenceHash({ key, offset: it.at }),
              it.at % 3 === 0 ? "dead" : "blocked",
            ],
          );
          return cover(it.at);
        }
        case "discard":
          await pool.query(`UPDATE parked_event SET state = 'discarded' WHERE consumer_id = $1 AND "offset" = $2`, [
            consumerId,
            it.at,
          ]);
          return;
        case "release": {
          const released = model[it.at - 1];
          const of = [consumerId, it.at];
          const { rowCount } = await pool.query(
            `DELETE FROM parked_event WHERE consumer_id = $1 AND "offset" = $2 AND state <> 'discarded'`,
            of,
          );
          if (rowCount === 0 || released?.isCovered !== true) return;
          if (isExcluded(it.at)) released.how = "filtered";
          else released.isHandled = true;
          return;
        }
        case "move": {
          const plan = await instance.plan({ consumer, target: { to: "offset", offset: it.to }, actor });
          const before = await parkedNow();
          const change = await instance.change({ consumer, planId: plan.id, token: plan.token, reason: "test", actor });
          changes.push({ id: change.id, found: model.map((of) => ({ ...of })) });
          return follow(`skipped ${change.id}`, before);
        }
        case "undo": {
          const { rows } = await pool.query<{ id: string }>(
            "SELECT id FROM position_change WHERE consumer_id = $1 ORDER BY applied_at DESC LIMIT 1",
            [consumerId],
          );
          if (rows[0] === undefined) return;
          const before = await parkedNow();
          const found = model.map((of) => ({ ...of }));
          const change = await instance.undo({ consumer, id: rows[0].id, reason: "test", actor });
          await follow(`skipped ${change.id}`, before);
          if (changes.at(-1)?.id !== rows[0].id) {
            changes.push({ id: change.id, found });
            return;
          }
          // Both together have changed nothing.
          changes.pop()?.found.forEach(({ isCovered, how }, index) => {
            const now = model[index];
            if (isCovered && now?.isCovered === true) now.how = how;
          });
          return;
        }
        case "partitions":
          setup.partitions = it.count;
          await declare();
          return follow("skipped by nothing");
        case "filter":
          setup.isFiltered = it.isOn;
          await declare();
          return follow("skipped by nothing");
      }
    },
    async dropAndTakeUp(): Promise<void> {
      const other = `${topic}-other`;
      await createTopic(instance.database, other);
      await instance.declare(consumer, { topics: [{ topic: other, start: "earliest" }], partitions: setup.partitions });
      await declare();
      for (const it of model) Object.assign(it, { isCovered: false, how: "pending" });
    },
    async check(inFlight: readonly number[]): Promise<void> {
      const members = {
        inFlight: async () => inFlight.map((offset) => ({ topicId, offset, partition: 0, attempt: 1, member: "one" })),
      };
      const account = getAccount({ database: instance.database, members });
      const [actual] = await account({ consumer, topic });
      const parked = await parkedNow();
      const expected = model.map(({ isCovered, isHandled, how }, index) => {
        const offset = index + 1;
        const state = parked.get(offset);
        if (state !== undefined) return state;
        if (!isCovered && !isExcluded(offset)) return inFlight.includes(offset) ? "inFlight" : "pending";
        if (isHandled) return "settled";
        return isCovered ? how : "filtered";
      });
      if (actual === undefined) throw new Error("no account");
      expect(classesOf(actual)).toEqual(expected);
      expect(actual.total).toBe(actual.head);
      expect(actual.head).toBe(EVENTS);
    },
  };
}

describe("an account", () => {
  test("puts every offset into exactly one class, whatever has happened: as a model that tells them one by one", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("earliest" as const, "latest" as const, { offset: 5 }),
        fc.array(command, { minLength: 1, maxLength: 25 }),
        fc.uniqueArray(at, { maxLength: 4 }),
        async (start, commands, inFlight) => {
          const history = await openHistory(start);
          for (const it of commands) await history.run(it);
          await history.check(inFlight);
        },
      ),
      { numRuns: Number(process.env.MILLRACE_PROPERTY_RUNS ?? 40) },
    );
  }, 60_000);

  test("of a topic that was dropped and taken up again knows nothing of what was skipped before", async () => {
    const history = await openHistory("earliest");
    await history.run({ do: "move", to: 13 });
    await history.dropAndTakeUp();
    for (const offset of [1, 2, 3]) await history.run({ do: "settle", at: offset });
    await history.check([]);
  });

  test("adds up at any moment under load, and at the end says what was settled and what is parked", async () => {
    const topicId = await createTopic(instance.database, "busy");
    const retry = { maxAttempts: 1, backoff: { delaysMs: [10] }, permanentErrors: [] };
    const other = openInstance(db.url);
    await instance.declare("busy", {
      topics: [{ topic: "busy", start: "earliest" }],
      partitions: 4,
      retry,
      maxInFlight: 16,
    });
    const members = [await instance.join("busy", "one"), await other.join("busy", "two")];
    const account = getAccount(instance);
    const seen: Account[] = [];
    const done = { isOver: false };
    const looking = (async () => {
      while (!done.isOver) seen.push(...(await account({ consumer: "busy", topic: "busy" })));
    })();
    const working = members.map(async (member, index) => {
      const at = [instance, other][index] ?? instance;
      for (let next = 0; !done.isOver; ) {
        const fresh = member.deliveries.slice(next);
        next += fresh.length;
        for (const it of fresh) {
          // Of every tenth offset's key, k0, the first is poisoned.
          const work = it.offset === 10 ? at.retry("busy", [it]) : at.ack("busy", [it]);
          await work.catch((error: { code?: string }) => {
            if (error.code !== "stale-epoch" && error.code !== "not-delivered") throw error;
          });
        }
        await member.until(() => done.isOver || member.deliveries.length > next);
      }
    });
    for (let batch = 0; batch < 10; batch++) await publish(instance, topicId, { count: 40, keys: 10 });
    await expect
      .poll(async () => (await account({ consumer: "busy" }))[0], { timeout: 15_000 })
      .toMatchObject({ head: 400, total: 400, settled: { count: 360 }, dead: { count: 1 }, blocked: { count: 39 } });
    done.isOver = true;
    for (const member of members) member.end();
    await Promise.all([looking, ...working]);
    await other.close("crashed");
    expect(seen.length).toBeGreaterThan(10);
    for (const it of seen) {
      classesOf(it);
      expect(it.total).toBe(it.head);
    }
  });
});
