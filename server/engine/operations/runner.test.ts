import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { OperationStatus } from "../../contract/operations.ts";
import { claimOperations, endOperation } from "../../store/operations/claim.ts";
import { deleteEvents } from "../../store/topics/retention-step.ts";
import { severableDatabase } from "../../testing/severable-database.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { createTopic, type Instance, openInstance, publish } from "../testing/consumer-rig.ts";
import { noteTakenUp, parkLetters, settleTaken } from "../testing/letters.ts";
import { stepOperation } from "./step.ts";

// Members are left out here: SQL plays the settler, so that what a runner does can be seen step by step.

const consumer = "billing";
const topic = "orders";
const actor = { name: "person:ann", requestId: "r1" };
const said = { consumer, reason: "cured", actor };

let db: TestDatabase;
let a: Instance;
let topicId: number;
const cleanUps: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  db = await testDatabase();
  a = open();
  topicId = await createTopic(a.database, topic);
  await a.declare(consumer, { topics: [{ topic, start: "earliest" }], partitions: 2 });
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  await db.drop();
});

function open(url = db.url): Instance {
  const instance = openInstance(url);
  cleanUps.push(() => instance.close());
  return instance;
}
const park = (count: number, keys: number) => parkLetters(a.database, { consumer, topicId, count, keys });
const within = { timeout: 15_000, interval: 20 };
const until = (id: string, status: OperationStatus) =>
  expect.poll(async () => (await a.operation({ id })).status, within).toBe(status);
const untilTaken = (id: string, count: number) =>
  expect.poll(async () => (await a.operation({ id })).done, within).toBeGreaterThanOrEqual(count);
/** Everything taken up comes through at once, until it has ended so. */
const settledUntil = (id: string, status: OperationStatus) =>
  expect
    .poll(async () => {
      await settleTaken(a.database, id);
      return (await a.operation({ id })).status;
    }, within)
    .toBe(status);
const numbers = (from: number, through: number) => Array.from({ length: through - from + 1 }, (_, i) => from + i);

describe("runners", () => {
  it("never take up a letter twice, though two of them take every turn from each other", async () => {
    await park(400, 400);
    const takenUp = await noteTakenUp(a.database);
    const b = open();
    a.startOperations({ claimMs: 1 });
    b.startOperations({ claimMs: 1 });
    const { id } = await a.redrive({ ...said, filter: { all: true }, rate: 150 });
    await settledUntil(id, "done");
    expect(await takenUp()).toEqual(numbers(1, 400));
    expect(await a.operation({ id })).toMatchObject({ total: 400, done: 400, ok: 400, failed: 0 });
    expect([...a.errors, ...b.errors]).toEqual([]);
  });

  it("take back their whole step when another one has taken the operation over meanwhile", async () => {
    await park(3, 3);
    const takenUp = await noteTakenUp(a.database);
    await a.redrive({ ...said, filter: { all: true } });
    const slow = crypto.randomUUID();
    const [operation] = await claimOperations(a.database.pool, { instance: slow, claimMs: 0 });
    if (operation === undefined) throw new Error("nothing was claimed");
    const next = { instance: crypto.randomUUID(), claimMs: 60_000 };
    await expect.poll(() => claimOperations(a.database.pool, next), within).toHaveLength(1);
    const step = (instance: string) => stepOperation(a.database, { operation, instance, limit: 2 });
    expect(await step(slow)).toMatchObject({ taken: 0, isMine: false });
    expect(await takenUp()).toEqual([]);
    expect(await step(next.instance)).toMatchObject({ taken: 2, isMine: true });
    expect(await takenUp()).toEqual([1, 2]);
  });

  it("go on where one broke off that could not even let go, and that one goes on when its database is back", async () => {
    await park(12, 12);
    const takenUp = await noteTakenUp(a.database);
    const way = await severableDatabase(db.url);
    cleanUps.push(() => way.close());
    const cut = open(way.url);
    cut.startOperations({ claimMs: 400 });
    const { id } = await a.redrive({ ...said, filter: { all: true }, rate: 4 });
    await untilTaken(id, 1);
    await way.sever();
    await expect.poll(() => cut.errors.length, within).toBeGreaterThan(0);
    const b = open();
    const runner = b.startOperations({ claimMs: 400 });
    await untilTaken(id, 5);
    await runner.close();
    await way.mend();
    await settledUntil(id, "done");
    expect(await takenUp()).toEqual(numbers(1, 12));
  });

  it("let go of what they run when they close: another need not wait until the claim is over", async () => {
    await park(6, 6);
    const runner = a.startOperations({ claimMs: 600_000 });
    const { id } = await a.redrive({ ...said, filter: { all: true }, rate: 4 });
    await untilTaken(id, 1);
    await runner.close();
    open().startOperations();
    await settledUntil(id, "done");
    expect(await a.operation({ id })).toMatchObject({ done: 6, ok: 6 });
  });

  it("give every operation its turn, however many wait for outcomes", async () => {
    await park(31, 31);
    for (const offset of numbers(1, 30)) await a.redrive({ ...said, filter: { topic, offset } });
    a.startOperations();
    const { id } = await a.discard({ ...said, filter: { topic, offset: 31 } });
    await until(id, "done");
  });

  it("keep to the rate from the first moment on", async () => {
    await park(40, 40);
    a.startOperations();
    const rate = 10;
    const { id } = await a.redrive({ ...said, filter: { all: true }, rate });
    const seen: number[] = [];
    await expect
      .poll(async () => {
        const { rows } = await a.database.pool.query<{ done: number; seconds: number }>(
          `SELECT done, coalesce(extract(epoch FROM clock_timestamp() - started_at), 0)::float8 AS seconds
           FROM operation WHERE id = $1`,
          [id],
        );
        const { done = 0, seconds = 0 } = rows[0] ?? {};
        seen.push(done - (1 + rate * (seconds + 0.01)));
        return done;
      }, within)
      .toBeGreaterThan(15);
    expect(Math.max(...seen)).toBeLessThanOrEqual(0);
  });

  it("take up more at once as soon as the rate is lifted", async () => {
    await park(200, 200);
    a.startOperations();
    const { id } = await a.redrive({ ...said, filter: { all: true }, rate: 0.1 });
    await untilTaken(id, 1);
    expect(await a.changeRate({ id, rate: null, actor })).toMatchObject({ rate: null });
    await settledUntil(id, "done");
  });
});

describe("a redrive", () => {
  it("waits for its canary, whatever its rate, and goes on when that came through", async () => {
    await park(5, 5);
    a.startOperations();
    const { id } = await a.redrive({ ...said, filter: { all: true }, canary: true, rate: 1_000 });
    await untilTaken(id, 1);
    const bystander = await a.discard({ ...said, filter: { topic, offset: 5 } });
    await until(bystander.id, "done");
    expect((await a.operation({ id })).done).toBe(1);
    expect(await settleTaken(a.database, id)).toEqual([1]);
    await settledUntil(id, "done");
    expect(await a.operation({ id })).toMatchObject({ done: 4, ok: 4 });
  });

  it("sends another canary when somebody took the first one away", async () => {
    await park(3, 3);
    a.startOperations();
    const { id } = await a.redrive({ ...said, filter: { all: true }, canary: true });
    await untilTaken(id, 1);
    const taken = await a.discard({ ...said, filter: { topic, offset: 1 } });
    await until(taken.id, "done");
    await untilTaken(id, 2);
    expect(await settleTaken(a.database, id, "failed")).toEqual([2]);
    await until(id, "failed");
    expect(await a.operation({ id })).toMatchObject({ done: 2, failed: 1, note: expect.stringContaining("canary") });
  });

  it("does not take up what it released itself and what failed then", async () => {
    await park(6, 3);
    a.startOperations();
    const { id, total } = await a.redrive({ ...said, filter: { all: true }, rate: 2 });
    expect(total).toBe(3);
    await untilTaken(id, 1);
    await settleTaken(a.database, id);
    await a.database.pool.query(
      `UPDATE parked_event SET state = 'dead', attempt = 1, failed_at = clock_timestamp() WHERE "offset" = 4`,
    );
    await settledUntil(id, "done");
    expect(await a.operation({ id })).toMatchObject({ done: 3, ok: 3 });
    expect(await a.parked(consumer)).toEqual(["orders/4 dead 1", "orders/5 blocked 0", "orders/6 blocked 0"]);
  });

  it("of what waits behind takes up the heads, and of a state only what is in it", async () => {
    await park(6, 4);
    const total = async (filter: Parameters<typeof a.redrive>[0]["filter"]) =>
      (await a.redrive({ ...said, filter })).total;
    // Heads 1 … 4; behind the first two wait 5 (odd) and 6 (even).
    expect(await total({ state: "blocked" })).toBe(2);
    expect(await total({ state: "blocked", type: "odd" })).toBe(1);
    expect(await total({ state: "dead", type: "odd" })).toBe(2);
    expect(await total({ topic, offset: 6 })).toBe(1);
    expect(await total({ state: "retrying" })).toBe(0);
    await expect(total({ state: "discarded" })).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining("filter.state"),
    });
  });
});

describe("an operation that is steered", () => {
  it("takes up nothing while it is paused, and nothing after an abort", async () => {
    await park(50, 50);
    a.startOperations();
    const { id } = await a.redrive({ ...said, filter: { all: true }, rate: 20 });
    await untilTaken(id, 2);
    const { done: atPause } = await a.steer({ id, verb: "pause", actor });
    // A discard that is started and done in the meantime shows that the runner has had its turns.
    const between = await a.discard({ ...said, filter: { topic, offset: 50 } });
    await until(between.id, "done");
    expect((await a.operation({ id })).done).toBe(atPause);
    await a.steer({ id, verb: "resume", actor });
    await untilTaken(id, atPause + 2);
    const { done: atAbort } = await a.steer({ id, verb: "abort", actor });
    const after = await a.discard({ ...said, filter: { topic, offset: 49 } });
    await until(after.id, "done");
    expect(await a.operation({ id })).toMatchObject({ status: "aborted", done: atAbort });
  });

  it("has a rate of the time in which it ran, not of its pauses", async () => {
    await park(50, 50);
    a.startOperations();
    const { id } = await a.redrive({ ...said, filter: { all: true }, rate: 20 });
    await untilTaken(id, 2);
    await a.steer({ id, verb: "pause", actor });
    const before = await a.operation({ id });
    const { pool } = a.database;
    await pool.query(
      "UPDATE operation SET started_at = started_at - interval '1 h', idle_since = idle_since - interval '1 h'",
    );
    expect((await a.operation({ id })).ratePerSecond).toBe(before.ratePerSecond);
    await a.steer({ id, verb: "resume", actor });
    await untilTaken(id, before.done + 2);
    const { ratePerSecond, etaMs } = await a.operation({ id });
    expect(ratePerSecond).toBeGreaterThan(1);
    expect(etaMs).toBeLessThan(50_000);
  });

  it("is aborted for good, whoever pauses it at the same moment", async () => {
    await park(1, 1);
    for (let round = 0; round < 15; round++) {
      const { id } = await a.redrive({ ...said, filter: { all: true } });
      const [aborted] = await Promise.allSettled([
        a.steer({ id, verb: "abort", actor }),
        a.steer({ id, verb: "pause", actor }),
        a.steer({ id, verb: "pause", actor }),
      ]);
      expect(aborted.status).toBe("fulfilled");
      expect((await a.operation({ id })).status).toBe("aborted");
    }
  });

  it("is not ended by a runner that has not heard of its abort yet", async () => {
    await park(1, 1);
    const { id } = await a.redrive({ ...said, filter: { all: true } });
    const instance = crypto.randomUUID();
    const [claimed] = await claimOperations(a.database.pool, { instance, claimMs: 60_000 });
    expect(claimed).toMatchObject({ id, done: 0, outstanding: 0 });
    await a.steer({ id, verb: "abort", actor });
    const consumerId = claimed?.consumerId ?? 0;
    expect(await endOperation(a.database.pool, { instance, consumerId, id, status: "done" })).toBe(false);
    expect((await a.operation({ id })).status).toBe("aborted");
  });
});

describe("discarding", () => {
  it("of what is discarded already is refused: it would count what it never takes up", async () => {
    await expect(a.discard({ ...said, filter: { state: "discarded" } })).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining("filter.state"),
    });
  });

  it("and restoring leave the rows as they were", async () => {
    await park(9, 3);
    a.startOperations();
    const rows = async () => (await a.database.pool.query('SELECT * FROM parked_event ORDER BY "offset"')).rows;
    const before = await rows();
    const discarded = await a.discard({ ...said, filter: { all: true }, reason: "void" });
    await until(discarded.id, "done");
    expect((await rows()).map((row) => [row.state, row.discard_reason, row.discarded_by])).toEqual(
      Array(9).fill(["discarded", "void", "person:ann"]),
    );
    const restored = await a.restore({ ...said, filter: { all: true } });
    await until(restored.id, "done");
    expect(await rows()).toEqual(before);
    const { rows: entries } = await a.database.pool.query(
      "SELECT actor, action, target, reason, request_id FROM audit_entry WHERE action LIKE '%-started' ORDER BY id",
    );
    expect(entries).toMatchObject([
      { actor: "person:ann", action: "consumer.discard-started", target: "consumer:billing", reason: "void" },
      { actor: "person:ann", action: "consumer.restore-started", reason: "cured", request_id: "r1" },
    ]);
  });

  it("by state leaves alone what died after it began; by key it means the whole sequence", async () => {
    await park(2, 2);
    const byState = await a.discard({ ...said, filter: { state: "dead" } });
    const byKey = await a.discard({ ...said, filter: { topic, key: "k1" } });
    await a.database.pool.query("UPDATE parked_event SET failed_at = clock_timestamp() + interval '1 s'");
    a.startOperations();
    await until(byState.id, "done");
    await until(byKey.id, "done");
    expect((await a.operation({ id: byState.id })).done).toBe(0);
    expect(await a.parked(consumer)).toEqual(["orders/1 discarded 1", "orders/2 dead 1"]);
  });

  it("goes in bounded steps, and ends though there are many", async () => {
    await park(1_700, 100);
    a.startOperations();
    const { id } = await a.discard({ ...said, filter: { all: true } });
    await until(id, "done");
    expect(await a.operation({ id })).toMatchObject({ total: 1_700, done: 1_700, ok: 1_700 });
    const restored = await a.restore({ ...said, filter: { topic } });
    await until(restored.id, "done");
    const count = (await a.parked(consumer)).filter((it) => it.includes("blocked")).length;
    expect(count).toBe(1_600);
  });
});

describe("a replay", () => {
  /** The flow stands here. */
  const standAt = (position: number) => a.database.pool.query("UPDATE cursor SET position = $1", [position]);

  it("keeps to what is settled when somebody moves the position back meanwhile", async () => {
    await publish(a, topicId, { count: 20, keys: 20 });
    await standAt(20);
    a.startOperations();
    const { id } = await a.replay({ ...said, topic, rate: 4 });
    await untilTaken(id, 1);
    await standAt(3);
    await until(id, "running");
    await settledUntil(id, "done");
    expect((await a.operation({ id })).done).toBeLessThanOrEqual(3);
    expect(await a.parked(consumer)).toEqual([]);
  });

  it("does not park what retention takes while a step waits for the leases", async () => {
    await publish(a, topicId, { count: 10, keys: 10 });
    await standAt(10);
    const { id } = await a.replay({ ...said, topic });
    const instance = crypto.randomUUID();
    const [operation] = await claimOperations(a.database.pool, { instance, claimMs: 60_000 });
    if (operation === undefined) throw new Error("nothing was claimed");
    const retention = await a.database.connect();
    await retention.query("BEGIN");
    await retention.query("SELECT FROM lease FOR NO KEY UPDATE");
    const step = stepOperation(a.database, { operation, instance, limit: 8 });
    await expect
      .poll(async () => {
        const { rows } = await a.database.pool.query(
          "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        return rows.length;
      }, within)
      .toBe(1);
    await deleteEvents(retention, { topicId, range: [1, 6], except: [] });
    await retention.query("COMMIT");
    await retention.end();
    expect(await step).toMatchObject({ isMine: true, isExhausted: false });
    expect(await a.parked(consumer)).toEqual(["orders/7 retrying 0", "orders/8 retrying 0"]);
    await a.steer({ id, verb: "abort", actor });
  });

  it("goes on in the topic's order when its consumer is declared to keep that meanwhile", async () => {
    await publish(a, topicId, { count: 10, keys: 10 });
    await standAt(10);
    const { id } = await a.replay({ ...said, topic });
    await a.declare(consumer, { topics: [{ topic, start: "earliest" }], ordering: "topic" });
    a.startOperations();
    await settledUntil(id, "done");
    expect(await a.operation({ id })).toMatchObject({ done: 10, ok: 10 });
    expect(await a.parked(consumer)).toEqual([]);
  });

  it("has at most 500 events under way, and is not taken for something to discard", async () => {
    await publish(a, topicId, { count: 1_200, keys: 50 });
    await standAt(1_200);
    a.startOperations();
    const { id, total } = await a.replay({ ...said, topic });
    expect(total).toBe(1_200);
    await untilTaken(id, 500);
    const discard = await a.discard({ ...said, filter: { all: true } });
    await until(discard.id, "done");
    expect(await a.operation({ id: discard.id })).toMatchObject({ total: 0, done: 0 });
    expect((await a.parked(consumer)).length).toBe(500);
    await settledUntil(id, "done");
    expect(await a.operation({ id })).toMatchObject({ done: 1_200, ok: 1_200 });
  });
});
