import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { consumerDeclaration } from "../../contract/consumers.ts";
import type { PositionPlanRequest } from "../../contract/position-changes.ts";
import type { Delivery } from "../../contract/settlements.ts";
import { declareConsumer } from "../../services/consumers/declare-consumer.ts";
import { getFates } from "../../services/insight/get-fates.ts";
import { isProcessed } from "../../services/insight/is-processed.ts";
import { publishAs } from "../../testing/model/publish-as.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { acked, createTopic, failed, type Instance, openInstance, type TestMember } from "../testing/consumer-rig.ts";
import { createTopicDirectory } from "../topics/directory.ts";

// `replay: true` and `liveOnly` mean that a member has handled the event before, and nothing else.

const consumer = "mailer";
const topic = "orders";
const actor = { name: "person:ann", requestId: "r" };
const soon = { maxAttempts: 3, backoff: { delaysMs: [0] }, permanentErrors: [] };

let db: TestDatabase;
let a: Instance;
let topicId: number;

beforeEach(async () => {
  db = await testDatabase();
  a = openInstance(db.url);
  topicId = await createTopic(a.database, topic);
});
afterEach(async () => {
  expect(a.errors).toEqual([]);
  await a.close("crashed");
  await db.drop();
});

type Declared = Partial<Parameters<Instance["declare"]>[1]> & {
  readonly types?: string[];
  readonly start?: { readonly start?: "earliest" };
};
/** A consumer that must not send a mail twice. */
const declare = ({ types, start = {}, ...more }: Declared = {}) =>
  a.declare(consumer, {
    topics: [{ topic, liveOnly: ["mail"], ...start, ...(types !== undefined && { types }) }],
    retry: soon,
    ...more,
  });
/** Events of keys and types, such as `k mail`. */
const publish = (...events: string[]) =>
  publishAs(
    a,
    topicId,
    events.map((it) => it.split(" ")).map(([key = "", type = ""]) => ({ key: key === "-" ? null : key, type })),
  );
async function move(target: PositionPlanRequest["target"], parked: "keep" | "clear" | "redrive" = "keep") {
  const plan = await a.plan({ consumer, target, parked, actor });
  const change = await a.change({ consumer, planId: plan.id, token: plan.token, reason: "again", actor });
  return { plan, change };
}
const position = async () => (await a.describe({ consumer })).topics[0]?.position;
const untilPosition = (wanted: number) => expect.poll(position, { timeout: 10_000 }).toBe(wanted);
const untilParked = (...lines: string[]) =>
  expect.poll(() => a.parked(consumer), { timeout: 10_000 }).toEqual(lines.map((it) => `${topic}/${it}`));
const seen = (deliveries: readonly Delivery[]) =>
  deliveries
    .map((it) => `${it.offset}${it.replay ? " replay" : ""}`)
    .sort((x, y) => Number.parseInt(x, 10) - Number.parseInt(y, 10));
/** What is delivered next; the offset is a marker that comes last. */
async function until(member: TestMember, count: number): Promise<Delivery[]> {
  const before = heard.get(member) ?? 0;
  await member.delivered(before + count);
  heard.set(member, before + count);
  return member.deliveries.slice(before, before + count);
}
const heard = new WeakMap<TestMember, number>();
const dead = (deliveries: readonly Delivery[]) =>
  a.settle(
    consumer,
    deliveries.map((it) => failed(it, { outcome: "dead-letter" })),
  );
const again = (delivery: Delivery) => a.settle(consumer, [failed(delivery, { delayMs: 0 })]);
const of = (deliveries: readonly Delivery[], ...offsets: number[]) =>
  deliveries.filter((it) => offsets.includes(it.offset));

describe("what nobody has handled is no replay", () => {
  it("a dead letter and its follower that a move back clears", async () => {
    await declare();
    await publish("a mail", "b other", "a mail", "c mail");
    const member = await a.join(consumer, "m1");
    const first = await until(member, 4);
    await a.ack(consumer, of(first, 4));
    await dead(of(first, 1, 2));
    await untilParked("1 dead 1", "2 dead 1", "3 blocked 0");
    const { plan } = await move({ to: "earliest" }, "clear");
    expect(plan.changes[0]).toMatchObject({ rerun: 3, firstEvent: { offset: 1 }, lastEvent: { offset: 3 } });
    expect(seen(await until(member, 3))).toEqual(["1", "2", "3"]);
  });

  it("an event that waits for its next attempt when it is cleared", async () => {
    await declare({ retry: { ...soon, backoff: { delaysMs: [600_000] } } });
    await publish("a mail");
    const member = await a.join(consumer, "m1");
    await a.settle(consumer, [failed((await until(member, 1))[0] as Delivery)]);
    await untilParked("1 retrying 1");
    await move({ to: "earliest" }, "clear");
    expect(seen(await until(member, 1))).toEqual(["1"]);
  });

  it("what a move skipped, when the position comes back", async () => {
    await declare();
    await publish("a mail", "b other", "c mail", "d other");
    const member = await a.join(consumer, "m1");
    await a.ack(consumer, of(await until(member, 4), 4));
    await move({ to: "latest" });
    await untilPosition(4);
    await move({ to: "earliest" });
    expect(seen(await until(member, 4))).toEqual(["1", "2", "3", "4 replay"]);
  });

  it("a dead letter that a skip cleared", async () => {
    await declare();
    await publish("a mail", "b other");
    const member = await a.join(consumer, "m1");
    await dead(await until(member, 2));
    await untilParked("1 dead 1", "2 dead 1");
    await move({ to: "latest" }, "clear");
    await move({ to: "earliest" });
    expect(seen(await until(member, 2))).toEqual(["1", "2"]);
  });

  it("what a member skipped, and what lies before the place where the consumer began", async () => {
    await publish("a mail", "b mail");
    await declare({ topics: [{ topic, start: { offset: 2 }, liveOnly: ["mail"] }] });
    await publish("c mail");
    const member = await a.join(consumer, "m1");
    const first = await until(member, 2);
    await a.settle(consumer, [acked(of(first, 2)[0] as Delivery, { outcome: "skip", reason: "unwanted" })]);
    await a.ack(consumer, of(first, 3));
    await untilPosition(3);
    await move({ to: "earliest" });
    await publish("d other");
    // The third was handled, and is of a type that must not come twice.
    expect(seen(await until(member, 3))).toEqual(["1", "2", "4"]);
  });

  it("what the filter of then left out, once the filter lets it through", async () => {
    await declare({ types: ["other"] });
    await publish("a mail", "b other", "a mail", "b other");
    const member = await a.join(consumer, "m1");
    await a.ack(consumer, await until(member, 2));
    await untilPosition(4);
    await declare({ types: ["other", "mail"] });
    await move({ to: "earliest" });
    expect(seen(await until(member, 4))).toEqual(["1", "2 replay", "3", "4 replay"]);
    await a.ack(consumer, member.deliveries.slice(-4));
    await untilPosition(4);
    await declare({ types: ["mail"] });
    await move({ to: "earliest" });
    await publish("c mail");
    expect(seen(await until(member, 1))).toEqual(["5"]);
  });

  it("what a filter change finds looked at and left out, but not counted yet, is delivered", async () => {
    await declare({ types: ["other"] });
    const member = await a.join(consumer, "m1");
    await publish("b other", "b other", "a note");
    await a.ack(consumer, of(await until(member, 2), 1));
    await untilPosition(1);
    await declare({ types: ["other", "note"] });
    expect(seen(await until(member, 2))).toEqual(["2", "3"]);
  });

  it("a never-handled event of a replay's range; the mail among them comes too", async () => {
    await declare();
    a.startOperations();
    await publish("a mail", "b other", "c mail", "d other");
    const member = await a.join(consumer, "m1");
    await a.ack(consumer, of(await until(member, 4), 3, 4));
    await move({ to: "latest" });
    await untilPosition(4);
    const range = { topic, fromOffset: 1, toOffset: 4 };
    const { id, total } = await a.replay({ consumer, ...range, reason: "again", actor });
    expect(total).toBe(3);
    const replayed = await until(member, 3);
    expect(seen(replayed)).toEqual(["1", "2", "4 replay"]);
    expect(new Set(replayed.map((it) => it.operation))).toEqual(new Set([id]));
    await a.ack(consumer, replayed);
    await expect.poll(() => a.parked(consumer)).toEqual([]);
    await move({ to: "earliest" });
    await publish("e mail");
    expect(seen(await until(member, 3))).toEqual(["2 replay", "4 replay", "5"]);
  });

  it("a never-handled event whose replay was aborted", async () => {
    await declare();
    const runner = a.startOperations();
    await publish("a other", "a other");
    const member = await a.join(consumer, "m1");
    await until(member, 2);
    await move({ to: "latest" });
    const { id } = await a.replay({ consumer, topic, fromOffset: 1, toOffset: 2, reason: "again", actor });
    await until(member, 1);
    await a.steer({ id, verb: "abort", actor });
    await runner.close();
    await expect.poll(() => a.parked(consumer)).toEqual([]);
    await move({ to: "earliest" });
    expect(seen(await until(member, 2))).toEqual(["1", "2"]);
  });
});

describe("a replay stays one", () => {
  it("on every attempt, with its operation, and when it is redriven as a dead letter", async () => {
    await declare({ retry: { ...soon, maxAttempts: 2 } });
    a.startOperations();
    await publish("a other", "a other");
    const member = await a.join(consumer, "m1");
    await a.ack(consumer, await until(member, 2));
    await untilPosition(2);
    const { id } = await a.replay({ consumer, topic, fromOffset: 1, toOffset: 2, reason: "again", actor });
    const marks = ({ offset, attempt, replay, operation }: Delivery) => ({ offset, attempt, replay, operation });
    const told = { offset: 1, replay: true, operation: id };
    const [first] = await until(member, 1);
    expect(marks(first as Delivery)).toEqual({ ...told, attempt: 1 });
    await again(first as Delivery);
    const [second] = await until(member, 1);
    expect(marks(second as Delivery)).toEqual({ ...told, attempt: 2 });
    await again(second as Delivery);
    await untilParked("1 dead 2", "2 blocked 0");
    const redrive = await a.redrive({ consumer, filter: { all: true }, reason: "cured", actor });
    const [third] = await until(member, 1);
    expect(marks(third as Delivery)).toEqual({ ...told, attempt: 3, operation: redrive.id });
    await a.ack(consumer, [third as Delivery]);
    const [next] = await until(member, 1);
    expect(marks(next as Delivery)).toEqual({ offset: 2, attempt: 1, replay: true, operation: id });
  });

  it("after a move back, on every attempt, and behind another's failure", async () => {
    await declare();
    await publish("a other", "a other", "a other");
    const member = await a.join(consumer, "m1");
    await a.ack(consumer, of(await until(member, 3), 1, 2));
    await untilPosition(2);
    await move({ to: "earliest" });
    const rerun = await until(member, 3);
    expect(seen(rerun)).toEqual(["1 replay", "2 replay", "3"]);
    await again(of(rerun, 1)[0] as Delivery);
    const [second] = await until(member, 1);
    expect(second).toMatchObject({ offset: 1, attempt: 2, replay: true });
    await again(second as Delivery);
    const [third] = await until(member, 1);
    expect(third).toMatchObject({ offset: 1, attempt: 3, replay: true });
    await a.ack(consumer, [third as Delivery]);
    const [blocked] = await until(member, 1);
    expect(blocked).toMatchObject({ offset: 2, replay: true });
    await a.ack(consumer, [blocked as Delivery]);
    expect(await until(member, 1)).toMatchObject([{ offset: 3, replay: false }]);
  });

  it("in an order that is the topic's", async () => {
    await declare({ ordering: "topic" });
    await publish("a other", "b other");
    const member = await a.join(consumer, "m1");
    await a.ack(consumer, of(await until(member, 2), 1));
    await untilPosition(1);
    await move({ to: "earliest" });
    const rerun = await until(member, 2);
    expect(seen(rerun)).toEqual(["1 replay", "2"]);
    await again(of(rerun, 1)[0] as Delivery);
    expect(await until(member, 1)).toMatchObject([{ offset: 1, attempt: 2, replay: true }]);
  });

  it("however often filter and partitions are changed, which is kept in a bounded number of rows", async () => {
    const { pool } = a.database;
    const rounds = 40;
    await declare({ types: ["t0"] });
    for (let i = 1; i <= rounds; i++) {
      await declare({ types: [`t${i}`], partitions: 1 + (i % 3) });
      await publish(`a t${i}`, `b t${i + 1}`);
      await pool.query("UPDATE cursor SET position = $1", [2 * i]);
    }
    await a.declare(consumer, { topics: [{ topic, types: null }], partitions: 2 });
    const { rows } = await pool.query("SELECT count(*) AS count FROM handled_before");
    expect(rows[0]?.count).toBeLessThanOrEqual(33);
    await move({ to: "earliest" });
    const member = await a.join(consumer, "m1");
    const all = Array.from({ length: 2 * rounds }, (_, i) => (i % 2 === 0 ? `${i + 1} replay` : `${i + 1}`));
    expect(seen(await until(member, 2 * rounds))).toEqual(all);
  });

  it("however often positions are moved", async () => {
    await declare();
    await publish("a other", "b mail", "c other");
    const member = await a.join(consumer, "m1");
    await a.ack(consumer, of(await until(member, 3), 1, 2));
    await untilPosition(2);
    await move({ to: "earliest" });
    await until(member, 2);
    await move({ to: "latest" });
    const { change } = await move({ to: "earliest" });
    expect(seen(await until(member, 2))).toEqual(["1 replay", "3"]);
    await a.undo({ consumer, id: change.id, reason: "a mistake", actor });
    await move({ to: "earliest" });
    expect(seen(await until(member, 2))).toEqual(["1 replay", "3"]);
  });

  it("of a redriven letter that was handled after a filter change, and after a skip that kept it", async () => {
    await declare();
    a.startOperations();
    await publish("a mail", "b other", "c other");
    const member = await a.join(consumer, "m1");
    const first = await until(member, 3);
    await dead(of(first, 1, 2));
    await untilParked("1 dead 1", "2 dead 1");
    await declare({ types: ["mail", "other", "more"] });
    await move({ to: "latest" }, "keep");
    await a.redrive({ consumer, filter: { all: true }, reason: "cured", actor });
    const redriven = await until(member, 3);
    await a.ack(consumer, of(redriven, 1, 2));
    await expect.poll(() => a.parked(consumer)).toEqual([]);
    await move({ to: "earliest" });
    await publish("d other");
    const rerun = await until(member, 3);
    expect(seen(rerun)).toEqual(["2 replay", "3", "4"]);
  });
});

describe("what an undo puts back", () => {
  it("is a replay if it was handled meanwhile, and a mail does not come again", async () => {
    await declare();
    a.startOperations();
    await publish("a other", "b mail", "c other", "d other");
    const member = await a.join(consumer, "m1");
    const first = await until(member, 4);
    await a.ack(consumer, of(first, 4));
    await dead(of(first, 1, 2, 3));
    await untilParked("1 dead 1", "2 dead 1", "3 dead 1");
    const { change } = await move({ to: "earliest" }, "clear");
    const again = await until(member, 4);
    expect(seen(again)).toEqual(["1", "2", "3", "4 replay"]);
    await a.ack(consumer, of(again, 1, 2));
    await untilPosition(2);
    await a.undo({ consumer, id: change.id, reason: "a mistake", actor });
    await untilParked("1 dead 1", "3 dead 1");
    await a.redrive({ consumer, filter: { all: true }, reason: "cured", actor });
    expect(seen(await until(member, 2))).toEqual(["1 replay", "3"]);
    expect((await a.account({ consumer }))[0]).toMatchObject({ settled: { count: 2 }, skipped: [], total: 4 });
  });

  it("was passed as it was before the change: filtered, or skipped by the change that did", async () => {
    await declare({ types: ["other"] });
    await publish("a note", "b other", "c other");
    const member = await a.join(consumer, "m1");
    await until(member, 2);
    const skip = await move({ to: "latest" });
    await untilPosition(3);
    const wide = { types: ["other", "note"] };
    await declare(wide);
    const back = await move({ to: "earliest" });
    expect(seen(await until(member, 3))).toEqual(["1", "2", "3"]);
    await a.undo({ consumer, id: back.change.id, reason: "a mistake", actor });
    expect((await a.account({ consumer }))[0]).toMatchObject({
      settled: { count: 0 },
      filtered: { ranges: [[1, 1]] },
      skipped: [{ change: skip.change.id, ranges: [[2, 3]] }],
    });
  });
});

describe("another number of partitions", () => {
  // Of two partitions one is at the end and the other at its beginning when the position is moved back.
  for (const partitions of [1, 3, 4]) {
    it(`tells handled from new per event, with ${partitions} after 2`, async () => {
      await declare({ partitions: 2 });
      await publish(...Array.from({ length: 12 }, (_, i) => `k${i % 6} ${i % 2 === 0 ? "mail" : "other"}`));
      const member = await a.join(consumer, "m1");
      const first = await until(member, 12);
      const handled = first.filter((it) => it.partition === 1 || it.offset <= 2);
      await a.ack(consumer, handled);
      await expect.poll(async () => (await a.account({ consumer }))[0]?.settled.count).toBe(handled.length);
      await move({ to: "earliest" });
      const isHandled = (offset: number) => handled.some((it) => it.offset === offset);
      const wanted = first
        .map((it) => it.offset)
        .sort((x, y) => x - y)
        .flatMap((offset) => (isHandled(offset) ? (offset % 2 === 0 ? [`${offset} replay`] : []) : [`${offset}`]));
      expect(seen(await until(member, wanted.length))).toEqual(wanted);
      await declare({ partitions });
      expect(seen(await until(member, wanted.length))).toEqual(wanted);
      // Everything is handled by now, in a layout that began where another had left off.
      await a.ack(consumer, member.deliveries.slice(-wanted.length));
      await untilPosition(12);
      await declare({ partitions: 2 });
      await move({ to: "earliest" });
      await publish("z mail");
      const others =
        wanted.length === 0
          ? []
          : first
              .map((it) => it.offset)
              .filter((it) => it % 2 === 0)
              .sort((x, y) => x - y);
      expect(seen(await until(member, others.length + 1))).toEqual([...others.map((it) => `${it} replay`), "13"]);
    });
  }

  it("a letter that an earlier layout left behind is handled by the next one", async () => {
    await declare({ partitions: 2 });
    a.startOperations();
    await publish("- other", "- other", "- other", "- other");
    const member = await a.join(consumer, "m1");
    const first = await until(member, 4);
    await a.ack(consumer, of(first, 2));
    await dead(of(first, 4));
    await untilParked("4 dead 1");
    await declare({ partitions: 1 });
    const second = await until(member, 2);
    expect(seen(second)).toEqual(["1", "3"]);
    await a.redrive({ consumer, filter: { all: true }, reason: "cured", actor });
    const [letter] = await until(member, 1);
    expect(letter).toMatchObject({ offset: 4, replay: false });
    await a.ack(consumer, [...second, letter as Delivery]);
    await untilPosition(4);
    await move({ to: "earliest" });
    expect(seen(await until(member, 4))).toEqual(["1 replay", "2 replay", "3 replay", "4 replay"]);
  });

  it("what an earlier layout skipped stays new, though the next one came past it", async () => {
    await declare({ partitions: 2 });
    await publish("- other", "- other", "- other", "- other");
    const member = await a.join(consumer, "m1");
    await until(member, 4);
    // Partition 0 has 2 and 4: both skipped. Partition 1 has 1 and 3.
    await move({ to: "latest" });
    await member.until(() => member.frame("reset") !== undefined, "the reset");
    await publish("- other", "- other");
    const live = await until(member, 2);
    await a.ack(consumer, of(live, 6));
    await expect.poll(async () => (await a.account({ consumer }))[0]?.settled.count).toBe(1);
    await declare({ partitions: 3 });
    await a.ack(consumer, await until(member, 1));
    await untilPosition(6);
    await move({ to: "earliest" });
    expect(seen(await until(member, 6))).toEqual(["1", "2", "3", "4", "5 replay", "6 replay"]);
  });
});

describe("what became of an event is told by what it was when it was passed", () => {
  const account = async () => {
    const [told] = await a.account({ consumer });
    if (told === undefined) throw new Error("no account");
    expect(told.total).toBe(told.head);
    return told;
  };
  const fates = async (...offsets: number[]) => {
    const topics = createTopicDirectory(a.database);
    const all = await Promise.all(offsets.map((offset) => getFates({ ...a, topics })({ topic, offset })));
    return all.map(([it]) => it?.fate);
  };
  const processed = (...offsets: number[]) =>
    Promise.all(offsets.map((offset) => isProcessed({ database: a.database })({ consumer, topic, offset })));

  it("a dead letter and its follower that a move to latest clears were skipped by that change", async () => {
    await declare();
    a.startOperations();
    await publish("a mail", "a other", "b other");
    const member = await a.join(consumer, "m1");
    const first = await until(member, 3);
    await dead(of(first, 1));
    await a.ack(consumer, of(first, 3));
    await untilParked("1 dead 1", "2 blocked 0");
    const { change } = await move({ to: "latest" }, "clear");
    expect(await account()).toMatchObject({
      settled: { count: 1 },
      skipped: [{ change: change.id, actor: actor.name, count: 2, ranges: [[1, 2]] }],
    });
    expect(await fates(1, 2, 3)).toEqual(["skipped", "skipped", "settled"]);
    expect(await processed(1, 2, 3)).toEqual([false, false, true]);
    // The undo brings the letter back; once somebody has handled it, that stays so whatever is moved.
    await a.undo({ consumer, id: change.id, reason: "a mistake", actor });
    await untilParked("1 dead 1", "2 blocked 0");
    await a.redrive({ consumer, filter: { all: true }, reason: "cured", actor });
    await a.ack(consumer, await until(member, 1));
    await a.ack(consumer, await until(member, 1));
    await untilPosition(3);
    await expect.poll(() => processed(1, 2, 3)).toEqual([true, true, true]);
    await move({ to: "earliest" });
    await move({ to: "latest" });
    expect(await account()).toMatchObject({ settled: { count: 3 }, skipped: [] });
    expect(await fates(1, 2, 3)).toEqual(["settled", "settled", "settled"]);
  });

  it("what a move to latest skipped is not processed, until a replay has it handled", async () => {
    await declare();
    a.startOperations();
    await publish("a mail", "b other");
    const member = await a.join(consumer, "m1");
    await until(member, 2);
    const { change } = await move({ to: "latest" });
    expect(await account()).toMatchObject({ settled: { count: 0 }, skipped: [{ change: change.id, count: 2 }] });
    expect(await processed(1, 2)).toEqual([false, false]);
    await a.replay({ consumer, topic, fromOffset: 1, toOffset: 1, reason: "that one", actor });
    const [mail] = await until(member, 1);
    expect(mail).toMatchObject({ offset: 1, replay: false });
    expect(await fates(1, 2)).toEqual(["skipped", "skipped"]);
    await a.ack(consumer, [mail as Delivery]);
    await expect.poll(() => processed(1, 2)).toEqual([true, false]);
    expect(await account()).toMatchObject({
      settled: { count: 1 },
      skipped: [{ change: change.id, ranges: [[2, 2]] }],
    });
    expect(await fates(1, 2)).toEqual(["settled", "skipped"]);
  });

  for (const partitions of [1, 2]) {
    it(`a filter that is widened or narrowed changes nothing about the past, with ${partitions} partitions`, async () => {
      const told = {
        settled: { count: 2 },
        filtered: {
          count: 2,
          ranges: [
            [2, 2],
            [4, 4],
          ],
        },
      };
      await declare({ types: ["a"], partitions });
      await publish("k a", "l b", "l a", "k b");
      const member = await a.join(consumer, "m1");
      await a.ack(consumer, await until(member, 2));
      await untilPosition(4);
      for (const types of [["a"], ["a", "b"], ["b"]]) {
        await declare({ types, partitions });
        expect(await account()).toMatchObject(told);
        expect(await fates(1, 2, 3, 4)).toEqual(["settled", "filtered", "settled", "filtered"]);
        expect(await processed(1, 2, 3, 4)).toEqual([true, true, true, true]);
      }
      // What is ahead is told by the filter of now.
      await publish("k a", "k b");
      expect(seen(await until(member, 1))).toEqual(["6"]);
      expect(await account()).toMatchObject({ settled: { count: 2 }, filtered: { count: 3 } });
    });
  }

  it("a letter that was handled after the filter had come to exclude it was handled", async () => {
    await declare({ types: ["mail", "other"] });
    a.startOperations();
    await publish("a mail", "b other");
    const member = await a.join(consumer, "m1");
    const first = await until(member, 2);
    await dead(of(first, 1));
    await a.ack(consumer, of(first, 2));
    await untilParked("1 dead 1");
    await declare({ types: ["other"] });
    await a.redrive({ consumer, filter: { all: true }, reason: "cured", actor });
    await a.ack(consumer, await until(member, 1));
    await expect.poll(() => a.parked(consumer)).toEqual([]);
    expect(await fates(1, 2)).toEqual(["settled", "settled"]);
    expect(await account()).toMatchObject({ settled: { count: 2 } });
    await declare({ types: ["mail", "other"] });
    await move({ to: "earliest" });
    await publish("c mail");
    expect(seen(await until(member, 2))).toEqual(["2 replay", "3"]);
  });

  it("a topic that was taken back tells what was handled before it was dropped", async () => {
    await createTopic(a.database, "other");
    await declare();
    await publish("a mail", "b other");
    const member = await a.join(consumer, "m1");
    await a.ack(consumer, of(await until(member, 2), 1));
    await untilPosition(1);
    await a.declare(consumer, { topics: [{ topic: "other", start: "earliest" }] });
    await declare();
    expect(await account()).toMatchObject({ head: 2, settled: { count: 1 } });
    expect(await fates(1)).toEqual(["settled"]);
  });
});

describe("a topic that is dropped and taken back", () => {
  const others = () => a.declare(consumer, { topics: [{ topic: "other", start: "earliest" }] });

  it("goes on where it stood, with what is parked; what was handled is a replay after a move back", async () => {
    await createTopic(a.database, "other");
    await declare({ partitions: 2 });
    a.startOperations();
    await publish("a mail", "b other", "c mail", "d other");
    const member = await a.join(consumer, "m1");
    const first = await until(member, 4);
    await a.ack(consumer, of(first, 1, 2));
    await dead(of(first, 3, 4));
    await untilParked("3 dead 1", "4 dead 1");
    await others();
    await a.declare(consumer, { topics: [{ topic: "other" }], partitions: 3 });
    await publish("e other");
    await declare({ partitions: 3 });
    const [fresh] = await until(member, 1);
    expect(fresh).toMatchObject({ offset: 5, replay: false });
    await a.redrive({ consumer, filter: { all: true }, reason: "cured", actor });
    const letters = await until(member, 2);
    expect(seen(letters)).toEqual(["3", "4"]);
    await a.ack(consumer, [...letters, fresh as Delivery]);
    await untilPosition(5);
    await move({ to: "earliest" });
    await publish("f mail");
    expect(seen(await until(member, 4))).toEqual(["2 replay", "4 replay", "5 replay", "6"]);
  });

  it("begins anew when a start is named: no mail is sent twice even so", async () => {
    await createTopic(a.database, "other");
    await declare();
    await publish("a mail", "b other");
    const member = await a.join(consumer, "m1");
    await a.ack(consumer, await until(member, 2));
    await untilPosition(2);
    await others();
    await declare({ start: { start: "earliest" } });
    await publish("c mail");
    expect(seen(await until(member, 2))).toEqual(["2 replay", "3"]);
  });
});

describe("a topic that was in the bin meanwhile", () => {
  async function removed(): Promise<string> {
    const asked = { topic, mayRead: () => true, actor, isDryRun: true, token: undefined, reason: undefined };
    const { token } = await a.removeTopic(asked);
    const { removed: entry } = await a.removeTopic({ ...asked, isDryRun: false, token, reason: "retired" });
    if (entry === null) throw new Error("it was not removed");
    return entry.id;
  }
  const restored = (id: string) => a.restoreRemoved({ id, mayRestore: () => undefined, reason: "needed", actor });
  const changes: [string, () => Promise<unknown>][] = [
    ["nothing", async () => undefined],
    ["other partitions", () => a.declare(consumer, { partitions: 3 })],
    ["no such topic any more", () => a.declare(consumer, { topics: [{ topic: "other" }], partitions: 2 })],
  ];

  for (const [what, change] of changes) {
    it(`goes on where it stood, and knows what was handled: ${what} declared meanwhile`, async () => {
      await createTopic(a.database, "other");
      const both = [{ topic, liveOnly: ["mail"] }, { topic: "other" }];
      await a.declare(consumer, { topics: both, retry: soon, partitions: 2 });
      await publish("a mail", "b mail", "c other", "d other", "e mail");
      const member = await a.join(consumer, "m1");
      const first = await until(member, 5);
      await a.ack(consumer, of(first, 1, 3));
      await dead(of(first, 2, 4));
      await untilParked("2 dead 1", "4 dead 1");
      await member.joined?.goodbye();

      const id = await removed();
      await change();
      await restored(id);
      await a.declare(consumer, { topics: both });
      await untilParked("2 dead 1", "4 dead 1");
      await move({ to: "earliest" }, "clear");
      await publish("f mail");
      const again = await a.join(consumer, "m2");
      // The first is a mail that was sent; the letters were handled by nobody.
      expect(seen(await until(again, 5))).toEqual(["2", "3 replay", "4", "5", "6"]);
    });
  }
});

it("a copy tells handled from new as its source does", async () => {
  await declare({ partitions: 2 });
  await publish("a mail", "b other", "c mail", "d other");
  const member = await a.join(consumer, "m1");
  await a.ack(consumer, of(await until(member, 4), 1, 2));
  await move({ to: "latest" });
  await untilPosition(4);
  const declaration = consumerDeclaration.parse({
    topics: [{ topic, start: "earliest", liveOnly: ["mail"] }],
    partitions: 3,
  });
  await declareConsumer({ database: a.database, wakeups: a.wakeups })({
    consumer: "copy",
    declaration,
    copyFrom: consumer,
    actor,
  });
  const plan = await a.plan({ consumer: "copy", target: { to: "earliest" }, actor });
  await a.change({ consumer: "copy", planId: plan.id, token: plan.token, reason: "again", actor });
  const other = await a.join("copy", "m2");
  expect(seen(await until(other, 3))).toEqual(["2 replay", "3", "4"]);
});
