import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Delivery, StateChange } from "../../contract/settlements.ts";
import { DomainError } from "../../domain/errors.ts";
import { lockState } from "../../store/settling/state-lock.ts";
import { testDatabase } from "../../testing/test-database.ts";
import { acked, createTopic, type Instance, openInstance, publish } from "../testing/consumer-rig.ts";

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

function instance(): Instance {
  const opened = openInstance(db.url);
  open.push(opened);
  return opened;
}

async function delivered(at: Instance, events: number, partitions = 1): Promise<Delivery[]> {
  await at.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions });
  await publish(at, topicId, { count: events });
  const member = await at.join(consumer, "m1");
  await member.delivered(events);
  return member.deliveries;
}

const withState = (delivery: Delivery | undefined, state: StateChange) => {
  if (delivery === undefined) throw new Error("nothing was delivered");
  return acked(delivery, { state });
};
const conflictsOf = async (settling: Promise<unknown>) => {
  const error = await settling.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof DomainError)) throw new Error(`no refusal: ${String(error)}`);
  return { code: error.code, conflicts: error.details.facts?.conflicts };
};
const stateOf = (at: Instance, key: string) => at.getState({ consumer, key });

test("a request whose expectation does not hold is refused whole and names what there is; its neighbours count", async () => {
  const a = instance();
  const [one, two, three, four] = await delivered(a, 4);
  await a.settle(consumer, [withState(one, { expect: { n: 0 }, set: { n: "first" } })]);
  const refused = a.settle(consumer, [
    withState(two, { set: { other: 1 } }),
    withState(three, { expect: { n: 0 }, set: { n: "lost" } }),
  ]);
  // Sent in the same turn: the two requests are one group.
  const neighbour = a.settle(consumer, [withState(four, { expect: { n: 1 }, set: { n: "second" } })]);
  expect(await conflictsOf(refused)).toEqual({
    code: "state-conflict",
    conflicts: [{ index: 1, entry: "n", expected: 0, actual: 1, reason: "version" }],
  });
  await neighbour;
  expect(await stateOf(a, "n")).toMatchObject({ value: "second", version: 2 });
  await expect(stateOf(a, "other")).rejects.toMatchObject({ code: "state-entry-not-found" });
  expect((await a.describe({ consumer })).topics[0]).toMatchObject({ position: 1 });
  // What was refused is in flight as before, and can be settled.
  await a.settle(consumer, [withState(two, {}), withState(three, { expect: { n: 2 }, set: { n: "third" } })]);
  expect(await stateOf(a, "n")).toMatchObject({ value: "third", version: 3 });
  expect((await a.describe({ consumer })).topics[0]).toMatchObject({ position: 4 });
});

test("the repeat of a settlement that counted meets no conflict, and increments nothing again", async () => {
  const a = instance();
  const [one] = await delivered(a, 1);
  const settlement = withState(one, { expect: { n: 0 }, increment: { n: 1 } });
  await a.settle(consumer, [settlement]);
  await a.settle(consumer, [settlement]);
  await instance().settle(consumer, [settlement]);
  expect(await stateOf(a, "n")).toMatchObject({ value: 1, version: 1 });
});

test("an expectation alone is allowed, and leaves no trace of an entry that is absent", async () => {
  const a = instance();
  const [one, two] = await delivered(a, 2);
  await a.settle(consumer, [withState(one, { expect: { ghost: 0 } })]);
  await expect(stateOf(a, "ghost")).rejects.toMatchObject({ code: "state-entry-not-found" });
  await a.settle(consumer, [withState(two, { expect: { ghost: 0 }, set: { ghost: 1 } })]);
  expect(await stateOf(a, "ghost")).toMatchObject({ version: 1 });
});

test("an increment is exact, keeps the digits, and refuses what is no number", async () => {
  const a = instance();
  const [one, two, three] = await delivered(a, 3);
  await a.settle(consumer, [
    withState(one, { set: { word: "x" }, increment: { cents: 9_007_199_254_740_990, rate: 0.1 } }),
  ]);
  await a.settle(consumer, [withState(two, { increment: { cents: 1, rate: 0.2 } })]);
  expect((await stateOf(a, "cents")).json).toBe("9007199254740991");
  expect((await stateOf(a, "rate")).json).toBe("0.3");
  expect(await conflictsOf(a.settle(consumer, [withState(three, { increment: { word: 1, cents: 1 } })]))).toEqual({
    code: "state-conflict",
    conflicts: [
      { index: 0, entry: "word", expected: null, actual: 1, reason: "not-a-number" },
      { index: 0, entry: "cents", expected: null, actual: 2, reason: "beyond-exact" },
    ],
  });
});

test("two instances that count into one entry at once lose nothing, whether it is there yet or not", async () => {
  const [a, b] = [instance(), instance()];
  const deliveries = await delivered(a, 120, 4);
  const add = (delivery: Delivery, i: number) => {
    const at = i % 2 === 0 ? a : b;
    return i % 3 === 0
      ? at.settle(consumer, [withState(delivery, { increment: { n: 1 } })])
      : update(at, delivery, (value) => value + 1);
  };
  /** Reads, and writes if nobody else did; otherwise once more. */
  async function update(at: Instance, delivery: Delivery, f: (value: number) => number): Promise<unknown> {
    for (;;) {
      const entry = await stateOf(at, "n").catch(() => ({ value: 0, version: 0 }));
      const state = { expect: { n: entry.version }, set: { n: f(Number(entry.value)) } };
      try {
        return await at.settle(consumer, [withState(delivery, state)]);
      } catch (error) {
        if (!(error instanceof DomainError && error.code === "state-conflict")) throw error;
      }
    }
  }
  await Promise.all(deliveries.map(add));
  expect(await stateOf(a, "n")).toMatchObject({ value: 120, version: 120 });
}, 60_000);

test("who asks for an entry waits for the one who has asked before, also for an entry that is absent", async () => {
  const a = instance();
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }] });
  const [{ id: consumerId } = { id: 0 }] = (
    await db.database.pool.query<{ id: number }>("SELECT id FROM consumer WHERE name = $1", [consumer])
  ).rows;
  const [first, second] = [await db.database.pool.connect(), await db.database.pool.connect()];
  try {
    await first.query("BEGIN");
    await second.query("BEGIN");
    expect(await lockState(first, { consumerId, keys: ["n"] })).toEqual(new Map());
    const waiting = lockState(second, { consumerId, keys: ["n"] });
    await first.query("UPDATE state_entry SET value = '7', version = 1 WHERE consumer_id = $1", [consumerId]);
    await first.query("COMMIT");
    expect(await waiting).toEqual(new Map([["n", { value: "7", version: 1 }]]));
    // An entry that is there: the second transaction holds it, the first one waits.
    await first.query("BEGIN");
    const late = lockState(first, { consumerId, keys: ["n"] });
    await second.query("UPDATE state_entry SET value = '8', version = 2 WHERE consumer_id = $1", [consumerId]);
    await second.query("COMMIT");
    expect(await late).toEqual(new Map([["n", { value: "8", version: 2 }]]));
    await first.query("COMMIT");
  } finally {
    first.release();
    second.release();
  }
});
