import { Buffer } from "node:buffer";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NewEvent } from "../../domain/new-event.ts";
import { appendRequest, newEvent, openInstance, type TopicInstance } from "../../engine/testing/topic-rig.ts";
import { renderFrame } from "../../engine/topics/ring.ts";
import { testDatabase } from "../../testing/test-database.ts";
import { readEventFrames } from "./event-frames.ts";
import { readEventRows } from "./event-rows.ts";

let db: Awaited<ReturnType<typeof testDatabase>>;
let here: TopicInstance;

beforeAll(async () => {
  db = await testDatabase();
  here = openInstance(db.url);
});
afterAll(async () => {
  await here?.close();
  await db?.drop();
});

const deep = `${"[".repeat(60)}${"]".repeat(60)}`;
const texts = [
  "9007199254740993",
  "1.10",
  "-0.0",
  "1e400",
  String.raw`"\u0000"`,
  String.raw`"\ud800"`,
  String.raw`"\uDC00 \ud83d\ude00 \/ \b\f\n\r\t"`,
  '{"__proto__":{"a":1},"__proto__":2,"constructor":null}',
  deep,
  '"line\u2028and\u2029separators, \u007f and 😀"',
  '{ "b" : 1,  "a" : [ ] }',
  "null",
  '""',
];

async function append(topic: { id: number }, events: readonly NewEvent[]) {
  for (let at = 0; at < events.length; at += 500) {
    await here.appender.append(topic.id, appendRequest(events.slice(at, at + 500)));
  }
}

const range = (topicId: number) =>
  ({ topicId, order: "asc", after: 0, until: 1e9, filter: {}, maxEvents: 1e5, maxBytes: 1e9 }) as const;

describe("the event's JSON", () => {
  it("gives data back as the very text that was sent", async () => {
    const topic = await here.declare("exact");
    await append(
      topic,
      texts.map((data) => newEvent({ data })),
    );
    const { rows } = await readEventRows(here.database.pool, topic.name, range(topic.id));
    const { frames } = await readEventFrames(here.database.pool, topic.name, range(topic.id));
    texts.forEach((data, index) => {
      expect(rows[index]?.json).toContain(`,"data":${data},"source"`);
      expect(frames).toContain(`,"data":${data},"source"`);
    });
  });

  it("is the same text whether rendered at commit, from rows or by the database", async () => {
    const topic = await here.declare("same-text");
    const reader = await here.readers.open(topic);
    const label = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }).filter((text) => !/\p{Cc}/u.test(text));
    const events = fc.array(
      fc
        .record({
          type: label,
          key: fc.option(label),
          data: fc.option(fc.oneof(fc.constantFrom(...texts), fc.json({ depthSize: "small" }))),
          dataBytes: fc.option(fc.uint8Array({ maxLength: 200 })),
          attributes: fc.dictionary(
            fc.stringMatching(/^x[a-z0-9]{1,19}$/),
            fc.oneof(label, fc.integer(), fc.boolean()),
          ),
        })
        .map((parts) =>
          newEvent({
            ...parts,
            data: parts.dataBytes === null ? parts.data : null,
            attributes: JSON.stringify({ source: "/ü", ...parts.attributes }),
          }),
        ),
      { minLength: 1, maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(events, async (batch) => {
        const after = reader.head;
        await here.appender.append(topic.id, appendRequest(batch));
        const fromRing = reader.readAfterNow(after, { maxEvents: 1_000 })?.rows ?? [];
        const { rows } = await readEventRows(here.database.pool, topic.name, { ...range(topic.id), after });
        const { frames } = await readEventFrames(here.database.pool, topic.name, { ...range(topic.id), after });
        expect(fromRing).toEqual(rows);
        expect(fromRing).toHaveLength(batch.length);
        expect(frames).toBe(fromRing.map(renderFrame).join(""));
        rows.forEach((row, index) => {
          const event = JSON.parse(row.json);
          expect(event).toMatchObject({ specversion: "1.0", id: row.id, type: row.type, sequence: String(row.offset) });
          expect(event.partitionkey ?? null).toBe(row.key);
          expect(Date.parse(event.recordedtime)).toBe(Date.parse(row.recordedAt));
          const bytes = batch[index]?.dataBytes;
          if (bytes) expect(Buffer.from(event.data_base64, "base64").equals(bytes)).toBe(true);
        });
      }),
      { numRuns: 40 },
    );
    reader.release();
  });

  it("stops a chunk near its bytes, by whole frames, even when large events follow small ones", async () => {
    const topic = await here.declare("mixed-sizes");
    // Random digits, because what compresses well is stored small.
    const large = () => JSON.stringify(Array.from({ length: 15_000 }, () => Math.random()).join(""));
    await append(topic, [
      ...Array.from({ length: 50 }, () => newEvent({ data: '"small"' })),
      ...Array.from({ length: 12 }, () => newEvent({ data: large() })),
    ]);
    const chunk = await readEventFrames(here.database.pool, topic.name, {
      ...range(topic.id),
      maxEvents: 1_000,
      maxBytes: 100_000,
    });
    expect(chunk).toMatchObject({ count: 51, last: 51, isComplete: false });
  });
});

describe("a filtered range", () => {
  it("gives exactly what passes, in both orders, and says whether it looked at everything", async () => {
    const topic = await here.declare("filtered");
    const events = Array.from({ length: 200 }, (_, index) =>
      newEvent({ type: `t${index % 3}`, key: index % 5 === 0 ? null : `k${index % 5}-${index % 2}` }),
    );
    await append(topic, events);
    const filters = [
      { types: ["t1"] },
      { keys: ["k1-0", "k1-1", "k1-1", "none"] },
      { keyPrefix: "k2" },
      { types: ["no"] },
    ];
    for (const filter of [...filters, { types: ["t0", "t2"], keys: ["k3-1"], keyPrefix: "k" }]) {
      const expected = events.flatMap(({ type, key }, index) =>
        (filter.types?.includes(type) ?? true) &&
        (!("keys" in filter) || (key !== null && filter.keys.includes(key))) &&
        (!("keyPrefix" in filter) || key?.startsWith(filter.keyPrefix))
          ? [index + 1]
          : [],
      );
      const all = await readEventRows(here.database.pool, topic.name, { ...range(topic.id), filter });
      expect(all.rows.map(({ offset }) => offset)).toEqual(expected);
      expect(all.isComplete).toBe(true);
      const down = { ...range(topic.id), filter, order: "desc", after: 201, until: 1, maxEvents: 3 } as const;
      const last = await readEventRows(here.database.pool, topic.name, down);
      expect(last.rows.map(({ offset }) => offset)).toEqual(expected.toReversed().slice(0, 3));
      expect(last.isComplete).toBe(expected.length < 3);
      const framed = await readEventFrames(here.database.pool, topic.name, { ...range(topic.id), filter });
      expect(framed.frames).toBe(all.rows.map(renderFrame).join(""));
    }
  });
});
