import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DomainError } from "../../domain/errors.ts";
import { readEventRows } from "../../store/topics/event-rows.ts";
import { readTopicHeads } from "../../store/topics/heads.ts";
import { testDatabase } from "../../testing/test-database.ts";
import { appendRequest, newEvent, openInstance, type TopicInstance } from "../testing/topic-rig.ts";
import { createAppender } from "./appender.ts";
import type { CommittedBatch } from "./log.ts";

let db: Awaited<ReturnType<typeof testDatabase>>;
let here: TopicInstance;
let there: TopicInstance;

beforeAll(async () => {
  db = await testDatabase();
  here = openInstance(db.url);
  there = openInstance(db.url);
});
afterAll(async () => {
  await here?.close();
  await there?.close();
  await db?.drop();
});

async function stored(topic: { id: number; name: string }) {
  const range = {
    topicId: topic.id,
    order: "asc",
    after: 0,
    until: 1e9,
    filter: {},
    maxEvents: 1e6,
    maxBytes: 1e9,
  } as const;
  return (await readEventRows(here.database.pool, topic.name, range)).rows;
}

describe("appending", () => {
  it("gives offsets 1 to head without a gap under concurrent appends from two instances", async () => {
    const topic = await here.declare("gapless");
    const results = await Promise.all(
      Array.from({ length: 400 }, (_, index) => {
        const events = Array.from({ length: 1 + (index % 3) }, () => newEvent({ key: `k${index % 7}` }));
        return (index % 2 === 0 ? here : there).appender.append(topic.id, appendRequest(events));
      }),
    );
    const answered = results.flatMap((result) => result.events).sort((a, b) => a.offset - b.offset);
    const rows = await stored(topic);
    expect(rows.map((row) => row.offset)).toEqual(rows.map((_, index) => index + 1));
    expect(answered.map(({ offset, id }) => [offset, id])).toEqual(rows.map(({ offset, id }) => [offset, id]));
    expect((await readTopicHeads(here.database.pool, [topic.id]))[0]).toMatchObject({ head: rows.length, tail: 1 });
    const times = rows.map((row) => Date.parse(row.recordedAt));
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("keeps a request's events together and in their order", async () => {
    const topic = await here.declare("together");
    const batches = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? here : there).appender.append(topic.id, appendRequest([1, 2, 3, 4].map(() => newEvent()))),
      ),
    );
    for (const { events } of batches) {
      const first = events[0]?.offset ?? 0;
      expect(events.map(({ offset }) => offset)).toEqual([first, first + 1, first + 2, first + 3]);
    }
  });

  it("stores an id once however often and wherever it is repeated, and always answers its first offset", async () => {
    const topic = await here.declare("repeats");
    const ids = Array.from({ length: 20 }, (_, index) => `id-${index}`);
    const rounds = await Promise.all(
      Array.from({ length: 12 }, (_, round) =>
        Promise.all(
          ids.map((id) => (round % 2 ? here : there).appender.append(topic.id, appendRequest([newEvent({ id })]))),
        ),
      ),
    );
    const rows = await stored(topic);
    expect(rows.map(({ id }) => id).sort()).toEqual([...ids].sort());
    const offsetOf = new Map(rows.map(({ id, offset }) => [id, offset]));
    const answers = rounds.flat().flatMap(({ events }) => events);
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(ids.length);
    for (const { id, offset } of answers) expect(offset).toBe(offsetOf.get(id));
  });

  it("lets exactly one of two instances win the same expectation, every time", async () => {
    const topic = await here.declare("race");
    let last = 0;
    for (let round = 0; round < 30; round += 1) {
      const rivals = await Promise.allSettled(
        [here, there].map(({ appender }) =>
          appender.append(topic.id, appendRequest([newEvent({ key: "account" })], { account: last })),
        ),
      );
      const won = rivals.flatMap((rival) => (rival.status === "fulfilled" ? [rival.value] : []));
      const lost = rivals.flatMap((rival) => (rival.status === "rejected" ? [rival.reason as DomainError] : []));
      expect(won).toHaveLength(1);
      const offset = won[0]?.events[0]?.offset ?? 0;
      expect(lost[0]).toMatchObject({
        code: "unexpected-offset",
        details: { facts: { expected: { account: last }, actual: { account: offset } } },
      });
      last = offset;
    }
  });

  it("never lets one request's conflict, or a value that cannot be stored, fail its neighbours", async () => {
    const topic = await here.declare("neighbours");
    const requests = [
      appendRequest([newEvent({ key: "a" })]),
      appendRequest([newEvent({ key: "a" }), newEvent()], { a: 99 }),
      appendRequest([newEvent({ type: "nul\u0000" })]),
      appendRequest([newEvent({ data: "{not json" })]),
      appendRequest([newEvent({ data: "1\u001e2" })]),
      appendRequest([newEvent({ key: "a" })]),
    ];
    const outcomes = await Promise.allSettled(requests.map((request) => here.appender.append(topic.id, request)));
    expect(
      outcomes.map((outcome) => (outcome.status === "rejected" ? (outcome.reason as DomainError).code : "ok")),
    ).toEqual(["ok", "unexpected-offset", "invalid-input", "invalid-input", "invalid-input", "ok"]);
    expect((await stored(topic)).map(({ offset }) => offset)).toEqual([1, 2]);
  });

  it("stores the same id of two sources twice, and each once however it is repeated", async () => {
    const topic = await here.declare("sources");
    const of = (source: string) => appendRequest([newEvent({ id: "1", source })]);
    const both = appendRequest([newEvent({ id: "1", source: "/orders" }), newEvent({ id: "1", source: "/billing" })]);
    const answers = [
      await here.appender.append(topic.id, of("/orders")),
      await there.appender.append(topic.id, of("/billing")),
      await here.appender.append(topic.id, both),
      await there.appender.append(topic.id, of("/billing")),
    ];
    expect(answers.flatMap(({ events }) => events.map(({ offset, duplicate }) => [offset, duplicate]))).toEqual([
      [1, false],
      [2, false],
      [1, true],
      [2, true],
      [2, true],
    ]);
    expect((await stored(topic)).map(({ id }) => id)).toEqual(["1", "1"]);
  });

  it.each([
    ["type", { type: "other" }],
    ["key", { key: "other" }],
    ["lack of a key", { key: null }],
    ["data", { data: '{"n": 1}' }],
    ["kind of data", { data: null, dataBytes: Buffer.from('{"n":1}') }],
    ["lack of data", { data: null }],
  ])(
    "refuses a used name with another %s, stores nothing of that request and all of its neighbours",
    async (what, other) => {
      const topic = await here.declare(`reused-${what.replaceAll(" ", "-")}`);
      const first = newEvent({ id: "a", key: "k", data: '{"n":1}' });
      const reused = { code: "id-reused", details: { facts: { index: 1, id: "a", source: "/", offset: 1 } } };
      await here.appender.append(topic.id, appendRequest([first]));
      const flush = [
        appendRequest([newEvent({ id: "before" })]),
        appendRequest([newEvent({ id: "beside" }), { ...first, ...other }]),
        appendRequest([first, newEvent({ id: "after" })]),
      ];
      const outcomes = await Promise.allSettled(flush.map((it) => there.appender.append(topic.id, it)));
      expect(outcomes[1]).toMatchObject({ status: "rejected", reason: reused });
      expect(outcomes.map((it) => it.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      const withinOne = appendRequest([newEvent({ id: "c", data: "1" }), newEvent({ id: "c", data: "1.0" })]);
      await expect(here.appender.append(topic.id, withinOne)).rejects.toMatchObject({ code: "id-reused" });
      expect((await stored(topic)).map(({ id }) => id)).toEqual(["a", "before", "after"]);
    },
  );

  it("takes bytes of the same content for the same, and a repeat of a large event without sending it back", async () => {
    const topic = await here.declare("repeated-data");
    const bytes = newEvent({ id: "b", data: null, dataBytes: Buffer.from([0, 255, 10]) });
    const nothing = newEvent({ id: "n", data: null, dataBytes: Buffer.alloc(0) });
    const large = newEvent({ id: "l", data: JSON.stringify("ä€😀\u0000".repeat(50_000)) });
    const all = appendRequest([bytes, nothing, large]);
    await here.appender.append(topic.id, all);
    const again = await there.appender.append(topic.id, all);
    expect(again.events.map(({ offset, duplicate }) => [offset, duplicate])).toEqual([
      [1, true],
      [2, true],
      [3, true],
    ]);
  });

  it("accepts a lost reply's repeat although its expectation no longer holds", async () => {
    const topic = await here.declare("lost-reply");
    const request = appendRequest([newEvent({ id: "opened", key: "account" })], { account: 0 });
    const first = await here.appender.append(topic.id, request);
    const again = await there.appender.append(topic.id, request);
    expect(first.events).toEqual([{ id: "opened", offset: 1, duplicate: false }]);
    expect(again.events).toEqual([{ id: "opened", offset: 1, duplicate: true }]);
  });

  it("hands over what it committed, whole and in order, before it answers", async () => {
    const topic = await here.declare("handed-over");
    const batches: CommittedBatch[] = [];
    const appender = createAppender(here.database, {
      wakeups: here.wakeups,
      onCommitted: (batch) => batches.push(batch),
      onError: () => {},
    });
    await appender.append(topic.id, appendRequest([newEvent({ id: "x" })]));
    expect(batches.map(({ base, events }) => [base, events.map(({ id }) => id)])).toEqual([[0, ["x"]]]);
    await Promise.all([
      appender.append(topic.id, appendRequest([newEvent({ id: "x" })])),
      appender.append(topic.id, appendRequest([newEvent({ id: "y" }), newEvent({ id: "y" })])),
    ]);
    const seen = batches.flatMap(({ base, events }) => events.map(({ id }, index) => [base + index + 1, id]));
    expect(seen).toEqual([
      [1, "x"],
      [2, "y"],
    ]);
    await appender.close();
  });

  it("refuses beyond its queue's bound instead of growing, and finishes what it took", async () => {
    const topic = await here.declare("bounded");
    const appender = createAppender(here.database, {
      wakeups: here.wakeups,
      onCommitted: () => {},
      onError: () => {},
      maxQueuedEvents: 10,
    });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, () => appender.append(topic.id, appendRequest([newEvent()]))),
    );
    const refused = outcomes.flatMap((outcome) =>
      outcome.status === "rejected" ? [outcome.reason as DomainError] : [],
    );
    expect(refused.length).toBeGreaterThan(0);
    for (const error of refused) expect(error).toMatchObject({ code: "queue-full", details: { retryAfterSeconds: 1 } });
    expect((await stored(topic)).length).toBe(30 - refused.length);
    // Of each topic the first request is under way, and the others wait.
    const more = [topic, topic, topic, await here.declare("bounded-too")].map((it) =>
      appender.append(it.id, appendRequest([newEvent(), newEvent()])),
    );
    expect(appender.queuedEvents()).toBe(4);
    await Promise.all(more);
    expect(appender.queuedEvents()).toBe(0);
    await appender.close();
  });

  it("finishes what is queued when it closes, and refuses what comes after", async () => {
    const instance = openInstance(db.url);
    const topic = await instance.declare("closing");
    const queued = Array.from({ length: 50 }, () => instance.appender.append(topic.id, appendRequest([newEvent()])));
    const closed = instance.appender.close();
    await expect(instance.appender.append(topic.id, appendRequest([newEvent()]))).rejects.toMatchObject({
      code: "shutting-down",
    });
    await closed;
    expect((await Promise.all(queued)).length).toBe(50);
    await instance.close();
  });

  it("answers an unknown topic with topic-not-found", async () => {
    await expect(here.appender.append(2_000_000, appendRequest([newEvent()]))).rejects.toMatchObject({
      code: "topic-not-found",
    });
  });

  it("answers database-unavailable when its connection is cut, and goes on by itself", async () => {
    const topic = await here.declare("cut");
    const cutting = openInstance(db.url);
    await cutting.appender.append(topic.id, appendRequest([newEvent({ id: "before" })]));
    const blocker = await here.database.connect();
    await blocker.query("BEGIN");
    await blocker.query("SELECT head FROM topic_head WHERE topic_id = $1 FOR UPDATE", [topic.id]);
    const stuck = cutting.appender.append(topic.id, appendRequest([newEvent({ id: "during" })]));
    const waiting = cutting.appender.append(topic.id, appendRequest([newEvent({ id: "behind" })]));
    const refused = Promise.allSettled([stuck, waiting]);
    await expect
      .poll(async () => {
        const { rows } = await here.database.pool.query(
          `SELECT count(pg_terminate_backend(pid)) AS cut FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE '%moved AS%' AND wait_event_type = 'Lock'`,
        );
        return rows[0].cut;
      })
      .toBeGreaterThan(0);
    for (const outcome of await refused) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "database-unavailable" } });
    }
    await blocker.query("ROLLBACK");
    await blocker.end();
    const repeated = await Promise.all(
      ["during", "behind"].map((id) => cutting.appender.append(topic.id, appendRequest([newEvent({ id })]))),
    );
    expect(repeated.flatMap(({ events }) => events.map(({ offset }) => offset)).sort()).toEqual([2, 3]);
    await cutting.close();
  });

  it("cannot be rewritten: the database refuses update, delete and truncate", async () => {
    const topic = await here.declare("append-only");
    await here.appender.append(topic.id, appendRequest([newEvent()]));
    const { pool } = here.database;
    for (const statement of ["UPDATE event SET type = 'x'", "DELETE FROM event", "TRUNCATE event"]) {
      await expect(pool.query(statement)).rejects.toThrow("append-only");
    }
  });
});
