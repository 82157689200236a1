import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appendRequest, newEvent, openInstance, type TopicInstance } from "../../engine/testing/topic-rig.ts";
import { testDatabase } from "../../testing/test-database.ts";
import type { ReadPage } from "../services.ts";
import { declareTopic } from "./declare-topic.ts";
import { describeTopic } from "./describe-topic.ts";
import { getEvent } from "./get-event.ts";
import { listTopics } from "./list-topics.ts";
import { offsetBefore } from "./offset-before.ts";
import { publishEvents } from "./publish-events.ts";
import { readEvents } from "./read-events.ts";

let db: Awaited<ReturnType<typeof testDatabase>>;
let here: TopicInstance;
let there: TopicInstance;
const actor = { name: "person:ada@example.org", requestId: "r-1" };

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

describe("declaring a topic", () => {
  it("creates it once when two instances do it at once, and audits that once", async () => {
    const declared = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        declareTopic(index % 2 ? here : there)({ topic: "race", declaration: {}, actor }),
      ),
    );
    expect(declared.filter(({ created }) => created)).toHaveLength(1);
    expect(declared[0]?.description).toMatchObject({
      topic: "race",
      head: 0,
      tail: 1,
      bytes: 0,
      firstRecordedAt: null,
    });
    expect(await audited("topic:race")).toEqual(["topic.created"]);
  });

  it("changes what it names and nothing else, and leaves no audit row when nothing changed", async () => {
    const declare = declareTopic(here);
    await declare({ topic: "described", declaration: { description: "one" }, actor });
    await declare({ topic: "described", declaration: {}, actor });
    const same = await declare({ topic: "described", declaration: { description: "one" }, actor });
    expect(same).toMatchObject({ created: false, description: { description: "one" } });
    const changed = await declare({ topic: "described", declaration: { description: "two" }, actor });
    expect(changed.description.description).toBe("two");
    expect(await audited("topic:described")).toEqual(["topic.created", "topic.changed"]);
  });

  async function audited(target: string): Promise<string[]> {
    const text = "SELECT action FROM audit_entry WHERE target = $1 AND actor = $2 AND request_id = $3 ORDER BY id";
    const { rows } = await here.database.pool.query(text, [target, actor.name, actor.requestId]);
    return rows.map(({ action }) => action);
  }
});

describe("a topic's use cases", () => {
  it("publish, describe, list, get and page, both ways and through a filter", async () => {
    await declareTopic(here)({ topic: "paged", declaration: {}, actor });
    const publish = publishEvents(here);
    const events = Array.from({ length: 25 }, (_, index) => newEvent({ type: index % 2 ? "odd" : "even", key: "k" }));
    await publish({ topic: "paged", events, expect: null });

    const description = await describeTopic(here)({ topic: "paged" });
    expect(description).toMatchObject({ head: 25, tail: 1, bytes: 25 * 16 });
    expect(description.firstRecordedAt).toBe(description.lastRecordedAt);
    expect((await listTopics(here)()).map(({ topic }) => topic)).toContain("paged");
    expect(await getEvent(here)({ topic: "paged", offset: 7 })).toMatchObject({ offset: 7, type: "even", key: "k" });

    expect(await offsetsOf({ order: "asc", limit: 10 })).toEqual([range(1, 10), range(11, 20), range(21, 25)]);
    expect(await offsetsOf({ order: "desc", limit: 10 })).toEqual([down(25, 16), down(15, 6), down(5, 1)]);
    expect(await offsetsOf({ order: "asc", limit: 5, after: 20 })).toEqual([range(21, 25)]);
    const odd = await offsetsOf({ order: "desc", limit: 5, filter: { types: ["odd"] } });
    expect(odd.flat()).toEqual(down(24, 2).filter((offset) => offset % 2 === 0));
    expect((await offsetsOf({ order: "asc", limit: 7, filter: { keys: ["k"] } })).flat()).toEqual(range(1, 25));
    expect(await offsetsOf({ order: "asc", limit: 5, filter: { types: ["none"] } })).toEqual([[]]);
  });

  it("turn a time into the offset before it, whatever batches shared a time", async () => {
    const topic = await here.declare("timed");
    for (const size of [3, 1, 4, 2]) {
      await here.appender.append(topic.id, appendRequest(Array.from({ length: size }, () => newEvent())));
      await here.database.pool.query("SELECT pg_sleep(0.003)");
    }
    const find = offsetBefore(here);
    const { rows } = await readEvents(here)({ topic: "timed", order: "asc", limit: 100, filter: {} });
    for (const { recordedAt } of rows) {
      const before = rows.filter((row) => Date.parse(row.recordedAt) < Date.parse(recordedAt)).length;
      expect(await find({ topic: "timed", time: recordedAt })).toBe(before);
      const page = await readEvents(here)({ topic: "timed", order: "asc", limit: 1, filter: {}, from: recordedAt });
      expect(page.rows[0]?.offset).toBe(before + 1);
    }
    expect(await find({ topic: "timed", time: "1999-01-01T00:00:00Z" })).toBe(0);
    expect(await find({ topic: "timed", time: "2999-01-01T00:00:00+02:00" })).toBe(10);
    await here.declare("empty");
    expect(await find({ topic: "empty", time: "2999-01-01T00:00:00Z" })).toBe(0);
  });

  it("refuse what is not there", async () => {
    await expect(describeTopic(here)({ topic: "none" })).rejects.toMatchObject({ code: "topic-not-found" });
    await expect(publishEvents(here)({ topic: "none", events: [newEvent()], expect: null })).rejects.toMatchObject({
      code: "topic-not-found",
    });
    await here.declare("blank");
    await expect(getEvent(here)({ topic: "blank", offset: 1 })).rejects.toMatchObject({ code: "event-not-found" });
  });

  async function offsetsOf(page: Omit<ReadPage, "topic" | "filter"> & Partial<ReadPage>): Promise<number[][]> {
    const pages: number[][] = [];
    let after = page.after;
    for (;;) {
      const place = after === undefined ? {} : { after };
      const { rows, next } = await readEvents(here)({ topic: "paged", filter: {}, ...page, ...place });
      pages.push(rows.map(({ offset }) => offset));
      if (next === null) return pages;
      after = next;
    }
  }
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

function down(from: number, to: number): number[] {
  return range(to, from).toReversed();
}
