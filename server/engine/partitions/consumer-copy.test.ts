import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { consumerDeclaration } from "../../contract/consumers.ts";
import { declareConsumer } from "../../services/consumers/declare-consumer.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { createTopic, type Instance, openInstance, publish } from "../testing/consumer-rig.ts";

const actor = { name: "person:ada@example.org", requestId: "r1" };
let db: TestDatabase;
let a: Instance;
let [topic, source, copy] = ["", "", ""];
let topicId = 0;
let run = 0;

beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.drop());
beforeEach(async () => {
  run += 1;
  [topic, source, copy] = [`orders-${run}`, `billing-${run}`, `billing-${run}-next`];
  topicId = await createTopic(db.database, topic);
  a = openInstance(db.url);
});
afterEach(() => a.close("crashed"));

async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await db.database.pool.query<Row>(text, values)).rows;
}

const idOf = async (name: string) =>
  (await sql<{ id: number }>("SELECT id FROM consumer WHERE name = $1", [name]))[0]?.id ?? 0;

/** Rows of a consumer without its id, as text. */
async function dump(table: string, name: string, without: readonly string[] = []): Promise<string[]> {
  const rows = await sql<{ row: string }>(
    `SELECT (to_jsonb(t) - 'consumer_id' - $2::text[])::text AS row FROM ${table} t WHERE consumer_id = $1 ORDER BY 1`,
    [await idOf(name), without],
  );
  return rows.map((it) => it.row);
}

const makeCopy = (copyFrom: string, { partitions = 2, topics = [topic], ordering = "key" as "key" | "topic" } = {}) =>
  declareConsumer({ database: a.database, wakeups: a.wakeups })({
    consumer: copy,
    declaration: consumerDeclaration.parse({
      topics: topics.map((it) => ({ topic: it, start: "latest" })),
      partitions,
      ordering,
    }),
    copyFrom,
    actor,
  });

async function prepare() {
  await a.declare(source, { topics: [{ topic, start: "earliest" }], partitions: 2 });
  await publish(a, topicId, { count: 20 });
  const member = await a.join(source, "m1");
  await member.delivered(20);
  await a.ack(
    source,
    member.deliveries.filter((it) => ![9, 12, 13].includes(it.offset)),
  );
  await member.joined?.leave();
  const id = await idOf(source);
  await sql(
    `INSERT INTO parked_event (consumer_id, topic_id, "offset", key, sequence, hash, type, state, attempt, attempts_max, operation_id, is_replay, is_rerun)
     VALUES ($1, $2, 1, 'a', 'ka', 1, 't', 'dead', 3, 3, NULL, false, false),
       ($1, $2, 4, 'a', 'ka', 1, 't', 'blocked', 0, 3, NULL, false, false),
       ($1, $2, 2, 'b', 'kb', 2, 't', 'retrying', 0, 3, gen_random_uuid(), true, true),
       ($1, $2, 3, 'b', 'kb', 2, 't', 'blocked', 1, 3, NULL, false, false)`,
    [id, topicId],
  );
  await sql(
    `INSERT INTO delivery_attempt (consumer_id, topic_id, "offset", attempt, outcome) VALUES ($1, $2, 1, 1, 'retry'), ($1, $2, 19, 1, 'retry')`,
    [id, topicId],
  );
  await sql(
    `INSERT INTO state_entry (consumer_id, key, value, version) VALUES ($1, 'sum', '9007199254740993', 7), ($1, 'x', '{"a":"\\u0000"}', 1)`,
    [id],
  );
}

test("a copy has the positions, parked events, attempts and state of its source, but nothing of its operations", async () => {
  await prepare();
  const made = await makeCopy(source);
  expect(made.created).toBe(true);
  const volatile = ["updated_at", "settled_count", "failed_count"];
  expect(await dump("cursor", copy, volatile)).toEqual(await dump("cursor", source, volatile));
  const text = (name: string) =>
    idOf(name).then((id) =>
      sql("SELECT key, value::text, version, updated_at FROM state_entry WHERE consumer_id = $1 ORDER BY key", [id]),
    );
  expect(await text(copy)).toEqual(await text(source));
  const parked = await sql(
    `SELECT "offset", state, attempt, operation_id, is_replay FROM parked_event WHERE consumer_id = $1 ORDER BY 1`,
    [await idOf(copy)],
  );
  expect(parked).toEqual([
    { offset: 1, state: "dead", attempt: 3, operation_id: null, is_replay: false },
    // It waited behind what the replay had put there.
    { offset: 3, state: "retrying", attempt: 1, operation_id: null, is_replay: false },
    { offset: 4, state: "blocked", attempt: 0, operation_id: null, is_replay: false },
  ]);
  expect(await sql(`SELECT "offset" FROM delivery_attempt WHERE consumer_id = $1`, [await idOf(copy)])).toEqual([
    { offset: 1 },
  ]);
  const audit = await sql<{ target: string; after: Record<string, unknown> }>(
    "SELECT target, after FROM audit_entry WHERE action = 'consumer.copied' AND target = ANY ($1) ORDER BY id",
    [[`consumer:${copy}`, `consumer:${source}`]],
  );
  expect(audit).toMatchObject([
    {
      target: `consumer:${copy}`,
      after: { copyOf: source, positions: [{ topic, position: 8 }], parked: 3, stateEntries: 2 },
    },
    { target: `consumer:${source}`, after: { copiedTo: copy } },
  ]);
});

test("a copy with another number of partitions is delivered what its source had not settled, and nothing else", async () => {
  await prepare();
  await sql("DELETE FROM parked_event WHERE consumer_id = $1", [await idOf(source)]);
  await makeCopy(source, { partitions: 3 });
  const member = await a.join(copy, "m1");
  await member.delivered(3);
  await a.ack(copy, member.deliveries);
  await expect.poll(async () => (await a.describe({ consumer: copy })).topics[0]?.position).toBe(20);
  expect(member.offsets.toSorted((x, y) => x - y)).toEqual([9, 12, 13]);
  // Its own layouts go on from there.
  await a.declare(copy, { topics: [{ topic, start: "latest" }], partitions: 2 });
  expect((await a.describe({ consumer: copy })).partitions).toBe(2);
});

test("a source in the middle of a change of partitions hands over its earlier layouts too", async () => {
  await prepare();
  await sql("DELETE FROM parked_event WHERE consumer_id = $1", [await idOf(source)]);
  await a.declare(source, { topics: [{ topic, start: "earliest" }], partitions: 5 });
  await makeCopy(source, { partitions: 5 });
  expect(await dump("prior_layout", copy)).toEqual(await dump("prior_layout", source));
  await a.declare(copy, { topics: [{ topic, start: "earliest" }], partitions: 3 });
  const member = await a.join(copy, "m1");
  await member.delivered(3);
  await a.ack(copy, member.deliveries);
  await expect.poll(async () => (await a.describe({ consumer: copy })).topics[0]?.position).toBe(20);
  expect(member.offsets.toSorted((x, y) => x - y)).toEqual([9, 12, 13]);
});

test("topics that the source lacks begin at their start; a taken name and an unknown source are refused, and nothing is made", async () => {
  await prepare();
  const other = `${topic}-other`;
  await publish(a, await createTopic(db.database, other), { count: 7 });
  for (const missing of ["nobody", copy]) {
    await expect(makeCopy(missing)).rejects.toMatchObject({ code: "consumer-not-found" });
  }
  expect(await idOf(copy)).toBe(0);
  const { description } = await makeCopy(source, { topics: [topic, other] });
  expect(description.topics.map((it) => [it.topic, it.position])).toEqual([
    [topic, 8],
    [other, 7],
  ]);
  await expect(makeCopy(source)).rejects.toMatchObject({ code: "consumer-exists" });
});

test("a copy in another order has its parked events in the sequences of that order", async () => {
  await prepare();
  await makeCopy(source, { ordering: "topic" });
  const { rows } = await db.database.pool.query<{ sequence: string; heads: number }>(
    `SELECT sequence, count(*) FILTER (WHERE state IN ('retrying', 'dead'))::int AS heads FROM parked_event
     WHERE consumer_id = $1 AND state <> 'discarded' GROUP BY topic_id, sequence`,
    [await idOf(copy)],
  );
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) expect(row).toEqual({ sequence: expect.stringMatching(/^p\d$/), heads: 1 });
});

test("a copy made under load is of one instant: its state is the fold of exactly what its positions say is settled", async () => {
  await a.declare(source, { topics: [{ topic, start: "earliest" }], partitions: 2 });
  await publish(a, topicId, { count: 2_000 });
  const member = await a.join(source, "m1");
  let isDone = false;
  async function work(): Promise<void> {
    // Each settlement counts itself in the state of its own partition, in whatever order.
    const sums = [0, 0];
    for (let next = 0; next < 2_000 && !isDone; next += 20) {
      await member.delivered(next + 20);
      const batch = member.deliveries.slice(next, next + 20);
      for (const partition of [0, 1]) {
        const own = batch.filter((it) => it.partition === partition);
        const last = own.at(-1);
        if (last === undefined) continue;
        sums[partition] = (sums[partition] ?? 0) + own.length;
        await a.settle(
          source,
          own.map((it) => ({
            topic,
            partition,
            epoch: it.epoch,
            offset: it.offset,
            outcome: "ack" as const,
            ...(it === last && { state: { set: { [`settled-${partition}`]: sums[partition] } } }),
          })),
        );
      }
    }
  }
  const working = work();
  const counts = new Set<number>();
  const instant = async (name: string) => {
    await makeCopyAs(name);
    const id = await idOf(name);
    const cursors = await sql<{ partition: number; position: number; settled: string }>(
      "SELECT partition, position, settled::text FROM cursor WHERE consumer_id = $1 ORDER BY 1",
      [id],
    );
    const state = await sql<{ key: string; value: number }>(
      "SELECT key, value FROM state_entry WHERE consumer_id = $1",
      [id],
    );
    for (const { partition, position, settled } of cursors) {
      const [{ count } = { count: 0 }] = await sql<{ count: number }>(
        `SELECT count(*) AS count FROM unnest($1::bigint[]) AS o WHERE o <= $2 OR $3::int8multirange @> o`,
        [member.deliveries.filter((it) => it.partition === partition).map((it) => it.offset), position, settled],
      );
      expect(state.find((it) => it.key === `settled-${partition}`)?.value ?? 0).toBe(count);
      if (partition === 0) counts.add(count);
    }
  };
  const makeCopyAs = (name: string) =>
    declareConsumer({ database: db.database, wakeups: a.wakeups })({
      consumer: name,
      declaration: consumerDeclaration.parse({ topics: [{ topic }], partitions: 2 }),
      copyFrom: source,
      actor,
    });
  for (let i = 0; i < 8; i++) await instant(`${copy}-${i}`);
  expect(counts.size).toBeGreaterThan(2);
  isDone = true;
  await working;
});
