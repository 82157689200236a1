import { afterAll, beforeAll, expect, test } from "vitest";
import { consumerDeclaration } from "../../contract/consumers.ts";
import type { LiveMessage } from "../../contract/live.ts";
import type { NewEvent } from "../../domain/new-event.ts";
import { browser } from "../../http/testing/browser.ts";
import { type TestInstance, testInstance } from "../../http/testing/test-instance.ts";
import { type TestDatabase, testDatabase } from "../../testing/test-database.ts";
import { createLatest } from "./latest.ts";
import { createLive } from "./live.ts";
import { Tail, type TailReader } from "./tail.ts";

const ADMIN = { email: "ada@example.org", password: "correct horse battery" };
const actor = { name: "person:ada@example.org", requestId: "r" };

let db: TestDatabase;
let here: TestInstance;

beforeAll(async () => {
  db = await testDatabase();
  here = await testInstance(db.database, { admin: ADMIN });
});
afterAll(async () => {
  await here.close();
  await db.drop();
});

const event = (type: string, key: string | null = null): NewEvent => ({
  id: null,
  source: "/",
  type,
  key,
  data: "1.10",
  dataBytes: null,
  attributes: '{"source":"/"}',
});

const publish = (topic: string, events: NewEvent[]) => here.services.publishEvents({ topic, events, expect: null });

interface Heard {
  readonly items: { id: string; data: LiveMessage }[];
  readonly rows: () => number[];
  readonly error: () => unknown;
  stop(): void;
}

function listen(tab: ReturnType<typeof browser>, input: Parameters<typeof tab.trpc.live.subscribe>[0]): Heard {
  const items: { id: string; data: LiveMessage }[] = [];
  let error: unknown = null;
  const subscription = tab.trpc.live.subscribe(input, {
    onData: (it) => void items.push(it as { id: string; data: LiveMessage }),
    onError: (it) => {
      error = it;
    },
  });
  return {
    items,
    rows: () => items.flatMap(({ data }) => (data.kind === "events" ? data.events.map((it) => it.offset) : [])),
    error: () => error,
    stop: () => subscription.unsubscribe(),
  };
}

test("a tab is told of topics, consumers and the events of the topic it watches, and resumes by id", async () => {
  await here.services.declareTopic({ topic: "watched", declaration: {}, actor });
  await publish("watched", [event("a"), event("b", "k"), event("a", "k")]);
  const tab = browser(here.url);
  await tab.signIn(ADMIN.email, ADMIN.password);

  const first = listen(tab, { tail: { topic: "watched", after: 1 } });
  await expect.poll(first.rows, { timeout: 5_000 }).toEqual([2, 3]);
  await expect.poll(() => first.items.map((it) => it.data.kind), { timeout: 5_000 }).toContain("consumers");
  const topics = first.items.find((it) => it.data.kind === "topics")?.data;
  expect(topics).toMatchObject({ topics: [{ topic: "watched", head: 3 }] });
  await publish("watched", [event("c")]);
  await expect.poll(first.rows).toEqual([2, 3, 4]);
  await expect
    .poll(() => first.items.filter((it) => it.data.kind === "topics").at(-1)?.data, { timeout: 4_000 })
    .toMatchObject({ topics: [{ head: 4 }] });
  const id = first.items.findLast((it) => it.data.kind === "events")?.id;
  expect(id).toBe("4@watched");
  first.stop();

  await publish("watched", [event("d")]);
  const resumed = listen(tab, {
    topics: false,
    consumers: false,
    operations: false,
    lastEventId: "4@watched",
    tail: { topic: "watched", after: 0 },
  });
  await expect.poll(resumed.rows).toEqual([5]);
  resumed.stop();

  const filtered = listen(tab, {
    topics: false,
    consumers: false,
    operations: false,
    tail: { topic: "watched", after: 0, key: "k", types: ["a"] },
  });
  await expect.poll(filtered.rows).toEqual([3]);
  filtered.stop();
});

test("a tab is told everything once, and after that what has changed", async () => {
  for (const topic of ["quiet", "busy"]) await here.services.declareTopic({ topic, declaration: {}, actor });
  const tab = browser(here.url);
  await tab.signIn(ADMIN.email, ADMIN.password);
  const heard = listen(tab, { operations: false });
  const topicsHeard = () => heard.items.map((it) => it.data).filter((it) => it.kind === "topics");
  await expect.poll(topicsHeard, { timeout: 5_000 }).toHaveLength(1);
  expect(topicsHeard()[0]).toMatchObject({ isWhole: true, removed: [] });
  expect(topicsHeard()[0]?.topics.map((it) => it.topic)).toEqual(expect.arrayContaining(["busy", "quiet"]));
  await publish("busy", [event("a")]);
  await expect.poll(() => topicsHeard().length, { timeout: 5_000 }).toBeGreaterThan(1);
  expect(topicsHeard()[1]).toMatchObject({ isWhole: false, removed: [], topics: [{ topic: "busy", head: 1 }] });
  expect(topicsHeard()[1]?.topics).toHaveLength(1);
  heard.stop();
});

test("partitions are told of the one consumer that is asked for, and of no other", async () => {
  await here.services.declareTopic({ topic: "split", declaration: {}, actor });
  const declaration = consumerDeclaration.parse({ topics: [{ topic: "split" }], partitions: 256 });
  for (const consumer of ["wide-1", "wide-2"]) await here.services.declareConsumer({ consumer, declaration, actor });
  const tab = browser(here.url);
  await tab.signIn(ADMIN.email, ADMIN.password);
  const heard = listen(tab, { topics: false, operations: false, consumer: "wide-1" });
  const of = (kind: string) => heard.items.map((it) => it.data).find((it) => it.kind === kind);
  await expect.poll(() => of("consumer"), { timeout: 5_000 }).toBeDefined();
  await expect.poll(() => of("consumers"), { timeout: 5_000 }).toBeDefined();
  const detail = of("consumer");
  expect(detail?.kind === "consumer" && detail.consumer?.topics[0]?.partitions).toHaveLength(256);
  expect(JSON.stringify(of("consumers"))).not.toContain('"partition":');
  expect((await tab.trpc.consumers.list.query()).consumers.find((it) => it.consumer === "wide-2")).toMatchObject({
    partitions: 256,
    topics: [{ topic: "split", lag: 0 }],
  });
  heard.stop();
  const absent = listen(tab, { topics: false, consumers: false, operations: false, consumer: "nobody" });
  await expect
    .poll(() => absent.items[0]?.data, { timeout: 5_000 })
    .toMatchObject({ kind: "consumer", consumer: null });
  absent.stop();
});

test("a tab sees an operation begin and end", async () => {
  await here.services.declareTopic({ topic: "parked", declaration: {}, actor });
  await here.services.declareConsumer({
    consumer: "billing",
    declaration: consumerDeclaration.parse({ topics: [{ topic: "parked" }] }),
    actor,
  });
  const tab = browser(here.url);
  await tab.signIn(ADMIN.email, ADMIN.password);
  const heard = listen(tab, { topics: false, consumers: false });
  const seen = () => heard.items.map((it) => it.data).findLast((it) => it.kind === "operations");
  await expect.poll(seen, { timeout: 5_000 }).toMatchObject({ operations: [] });
  const filter = { all: true } as const;
  const { id } = await here.services.discardParked({ consumer: "billing", filter, reason: "void", actor });
  await expect.poll(seen, { timeout: 5_000 }).toMatchObject({ operations: [{ id, status: "queued" }] });
  await here.services.steerOperation({ id, verb: "abort", actor });
  await expect.poll(seen, { timeout: 5_000 }).toMatchObject({ operations: [{ id, status: "aborted" }] });
  heard.stop();
});

test("without a session, or for an absent topic, there is no stream", async () => {
  const stranger = listen(browser(here.url), {});
  await expect.poll(stranger.error).toMatchObject({ data: { problem: "unauthenticated" } });
  stranger.stop();
  const tab = browser(here.url);
  await tab.signIn(ADMIN.email, ADMIN.password);
  const absent = listen(tab, { tail: { topic: "absent", after: 0 } });
  await expect.poll(absent.error).toMatchObject({ data: { problem: "topic-not-found" } });
  absent.stop();
});

test("a stream ends with its session", async () => {
  const tab = browser(here.url);
  await tab.signIn(ADMIN.email, ADMIN.password);
  const heard = listen(tab, {});
  await expect.poll(() => heard.items.length, { timeout: 5_000 }).toBeGreaterThan(0);
  await tab.signOut();
  await expect.poll(heard.error, { timeout: 9_000 }).toMatchObject({ data: { problem: "unauthenticated" } });
  heard.stop();
});

test("all tabs of an instance share one reading, and nobody reads when nobody listens", async () => {
  let reads = 0;
  const latest = createLatest({ read: async () => ++reads, everyMs: 5, onError: () => undefined });
  expect(reads).toBe(0);
  const stops = Array.from({ length: 50 }, () => latest.listen(() => undefined));
  await expect.poll(() => reads).toBeGreaterThan(3);
  const version = latest.snapshot?.version ?? 0;
  expect(reads - version).toBeLessThanOrEqual(1);
  for (const stop of stops) stop();
  const before = reads;
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(reads - before).toBeLessThanOrEqual(1);
});

test("a tab is not told that all is well while the readings fail", async () => {
  const live = createLive({
    services: {
      listTopics: () => Promise.reject(new Error("away")),
      listConsumers: () => Promise.resolve([]),
      describeConsumer: () => Promise.reject(new Error("not asked")),
      listOperations: () => Promise.resolve([]),
    },
    openReader: () => Promise.reject(new Error("not asked")),
    onError: () => undefined,
    pollMs: 5,
    tickMs: 20,
  });
  const end = new AbortController();
  const kinds: string[] = [];
  setTimeout(() => end.abort(), 200);
  for await (const { message } of live.listen(
    { topics: true, consumers: true, operations: true },
    { lastEventId: undefined, signal: end.signal, may: () => true },
  )) {
    kinds.push(message.kind);
  }
  expect(kinds).toEqual(["consumers", "operations"]);
});

test("a tab that falls behind gets the newest and the number of those left out", async () => {
  const reader: TailReader = {
    head: 1_000,
    readAfter: async (after, { maxEvents }) => ({
      rows: Array.from({ length: maxEvents }, (_, index) => ({
        offset: after + 1 + index,
        id: "",
        type: "",
        key: null,
        recordedAt: "",
        json: "{}",
      })),
      through: after + maxEvents,
    }),
    onAppend: () => () => undefined,
    release: () => undefined,
  };
  const tail = new Tail(reader, { topic: "t", after: 0 }, 0);
  const { events, dropped } = await tail.step();
  expect(dropped).toBe(800);
  expect(events[0]?.offset).toBe(801);
  expect(tail.cursor).toBe(1_000);
  expect(tail.isBehind).toBe(false);
});
