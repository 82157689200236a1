import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EventFilter } from "../../domain/event-filter.ts";
import { testDatabase } from "../../testing/test-database.ts";
import { appendRequest, newEvent, openInstance, type TopicInstance, untilHead } from "../testing/topic-rig.ts";
import type { TopicReader } from "./log.ts";

let db: Awaited<ReturnType<typeof testDatabase>>;
let here: TopicInstance;
let there: TopicInstance;
let names = 0;

beforeAll(async () => {
  db = await testDatabase();
  // A ring of a few events, so that followers fall out of it all the time.
  here = openInstance(db.url, { readers: { ringBytes: 3_000, pollMs: 200 } });
  there = openInstance(db.url, { readers: { ringBytes: 3_000, pollMs: 200 } });
});
afterAll(async () => {
  await here?.close();
  await there?.close();
  await db?.drop();
});

const freshTopic = () => {
  names += 1;
  return here.declare(`reader-${names}`);
};

/** Follows by frames until it has looked past `end`, and gives the offsets it saw. */
async function follow(
  reader: TopicReader,
  place: { after: number; end: number; maxBytes: number; filter?: EventFilter },
) {
  const { filter = {}, maxBytes } = place;
  const offsets: number[] = [];
  let { after } = place;
  while (after < place.end) {
    const chunk =
      reader.framesAfterNow(after, { maxBytes, filter }) ?? (await reader.framesAfter(after, { maxBytes, filter }));
    if (chunk.buffer !== null) offsets.push(...offsetsOf(chunk.buffer));
    expect(chunk.through).toBeGreaterThanOrEqual(after);
    if (chunk.through === after) await untilHead(reader, after + 1);
    after = chunk.through;
  }
  return offsets;
}

function offsetsOf(frames: Buffer): number[] {
  return [...frames.toString().matchAll(/^id: (\d+)\ndata: \{.*"sequence":"(\d+)".*\}\n\n/gm)].map(
    ([, id, sequence]) => {
      expect(id).toBe(sequence);
      return Number(id);
    },
  );
}

describe("following a topic", () => {
  it("joins catch-up and live without a gap or a duplicate while two instances publish", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ here: fc.boolean(), size: fc.integer({ min: 1, max: 12 }) }), {
          minLength: 1,
          maxLength: 25,
        }),
        fc.array(
          fc.record({
            here: fc.boolean(),
            joinsAfter: fc.nat(24),
            start: fc.double({ min: 0, max: 1, noNaN: true }),
            maxBytes: fc.constantFrom(1, 300, 2_000, 100_000),
            isFiltered: fc.boolean(),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        async (batches, followers) => {
          const topic = await freshTopic();
          const end = batches.reduce((sum, { size }) => sum + size, 0);
          const following: Promise<void>[] = [];
          const publishing: Promise<unknown>[] = [];
          for (const [index, batch] of batches.entries()) {
            const events = Array.from({ length: batch.size }, (_, n) => newEvent({ type: n % 2 ? "odd" : "even" }));
            publishing.push((batch.here ? here : there).appender.append(topic.id, appendRequest(events)));
            if (index % 4 === 0) await publishing.at(-1);
            for (const follower of followers) {
              if (Math.min(follower.joinsAfter, batches.length - 1) === index) following.push(check(follower));
            }
          }
          async function check(follower: (typeof followers)[number]): Promise<void> {
            const reader = await (follower.here ? here : there).readers.open(topic);
            const after = Math.floor(follower.start * reader.head);
            const filter = follower.isFiltered ? { types: ["odd"] } : {};
            const seen = await follow(reader, { after, end, maxBytes: follower.maxBytes, filter });
            const all = await reader.readAfter(after, { maxEvents: 10_000, filter });
            reader.release();
            if (!follower.isFiltered)
              expect(seen).toEqual(Array.from({ length: end - after }, (_, n) => after + n + 1));
            const { rows } = await here.database.pool.query(
              `SELECT "offset" FROM event WHERE topic_id = $1 AND "offset" > $2 AND ($3 OR type = 'odd') ORDER BY 1`,
              [topic.id, after, !follower.isFiltered],
            );
            const expected = rows.map(({ offset }) => offset);
            expect(seen).toEqual(expected);
            expect(all).toEqual({ rows: all.rows, through: end });
            expect(all.rows.map(({ offset }) => offset)).toEqual(expected);
          }
          await Promise.all(publishing);
          await Promise.all(following);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("hears of another instance's events, by wake-up and also by the poll alone", async () => {
    const deaf = openInstance(db.url, {
      readers: { pollMs: 50, wakeups: { listen: () => () => {} } },
    });
    const topic = await freshTopic();
    const readers = await Promise.all([here, deaf].map(({ readers }) => readers.open(topic)));
    await there.appender.append(topic.id, appendRequest([newEvent(), newEvent()]));
    await Promise.all(readers.map((reader) => untilHead(reader, 2)));
    for (const reader of readers) reader.release();
    await deaf.close();
  });

  it("gives all followers at the tail the same buffer, and renders it once", async () => {
    const topic = await freshTopic();
    const reader = await here.readers.open(topic);
    const other = await here.readers.open(topic);
    await here.appender.append(topic.id, appendRequest([newEvent(), newEvent()]));
    await here.appender.append(topic.id, appendRequest([newEvent()]));
    const first = reader.framesAfterNow(0, { maxBytes: 10_000 });
    const second = other.framesAfterNow(0, { maxBytes: 10_000 });
    expect(first?.count).toBe(3);
    expect(second?.buffer).toBe(first?.buffer);
    const some = reader.framesAfterNow(0, { maxBytes: 10_000, filter: { types: ["t"] } });
    const same = other.framesAfterNow(0, { maxBytes: 10_000, filter: { types: ["t"] } });
    expect(same?.buffer).toBe(some?.buffer);
    reader.release();
    other.release();
  });

  it("answers a follower that is ahead of the head with nothing, and never goes back", async () => {
    const topic = await freshTopic();
    const reader = await here.readers.open(topic);
    expect(await reader.framesAfter(50, { maxBytes: 100 })).toEqual({
      buffer: null,
      chunked: null,
      through: 50,
      count: 0,
    });
    expect(await reader.readAfter(50, { maxEvents: 1 })).toEqual({ rows: [], through: 50 });
    reader.release();
  });

  it("runs one query for identical reads of the past", async () => {
    const topic = await freshTopic();
    await here.appender.append(topic.id, appendRequest([newEvent(), newEvent()]));
    const reader = await here.readers.open(topic);
    const [one, two] = await Promise.all([1, 2].map(() => reader.framesAfter(0, { maxBytes: 1_000 })));
    expect(one?.count).toBe(2);
    expect(two?.buffer).toBe(one?.buffer);
    reader.release();
  });

  it("refuses to read the past after it was closed, and to open an unknown topic", async () => {
    const closing = openInstance(db.url);
    const topic = await freshTopic();
    await here.appender.append(topic.id, appendRequest([newEvent()]));
    const reader = await closing.readers.open(topic);
    await expect(closing.readers.open({ id: 2_000_000, name: "none" })).rejects.toMatchObject({
      code: "topic-not-found",
    });
    await closing.close();
    await expect(reader.framesAfter(0, { maxBytes: 1 })).rejects.toMatchObject({ code: "shutting-down" });
    await expect(closing.readers.open(topic)).rejects.toMatchObject({ code: "shutting-down" });
  });
});
