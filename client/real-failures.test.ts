import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import {
  type Client,
  createClient,
  type EventContext,
  type Pause,
  PermanentError,
  RetryLater,
  SkipEvent,
} from "./create-client.ts";
import { startTestServer, type TestServer } from "./testing/real-server.ts";

let server: TestServer;
let client: Client;
let name: string;
let count = 0;
beforeAll(async () => {
  server = await startTestServer();
  client = createClient(server);
});
afterAll(() => server?.stop());
beforeEach(async () => {
  name = `f${++count}`;
  await client.declareTopic(name);
});

const SOON = { initialMs: 20, factor: 1, maxMs: 20, jitter: 0 };
const turn = () => new Promise((resolve) => setImmediate(resolve));
const events = (howMany: number, keys: number) =>
  Array.from({ length: howMany }, (_, i) => ({ type: "n", key: `k${i % keys}`, data: i }));

/** Settled everything, and nothing is parked. */
async function done(consumer: string): Promise<void> {
  for (;;) {
    const { topics, parked } = await client.describeConsumer(consumer);
    if (topics.every(({ lag }) => lag === 0) && parked.retrying + parked.dead + parked.blocked === 0) return;
  }
}

/** Runs members until all is done; the handler is given what it may not break: nothing overtakes what failed. */
async function work(handler: (context: EventContext) => unknown, members: readonly Client[], until = () => done(name)) {
  const stop = new AbortController();
  const failed = new Map<string | null, Set<number>>();
  // A run whose lease was lost may end after the event was settled elsewhere.
  const succeeded = new Set<number>();
  const broken: string[] = [];
  const checked = async (context: EventContext) => {
    const { key, offset } = context;
    const open = failed.get(key) ?? new Set();
    failed.set(key, open);
    for (const at of open) if (at < offset) broken.push(`${key}: ${offset} before ${at}`);
    try {
      await handler(context);
      succeeded.add(offset);
      open.delete(offset);
    } catch (error) {
      if (!(error instanceof SkipEvent || succeeded.has(offset))) open.add(offset);
      throw error;
    }
  };
  const working = members.map((it, i) =>
    it.consume(name, checked, { member: `m${i}`, signal: stop.signal, onError: () => {} }),
  );
  await until();
  stop.abort();
  await Promise.all(working);
  expect(broken).toEqual([]);
}

/** Sums up per key, and refuses to see an event twice or out of order. */
const fold = async ({ key, offset, state }: EventContext) => {
  const { n = 0, upTo = 0 } = (await state.get<{ n: number; upTo: number }>(key ?? "")) ?? {};
  expect(upTo).toBeLessThan(offset);
  state.set(key ?? "", { n: n + 1, upTo: offset });
};
async function folded(): Promise<number[]> {
  const counts: number[] = [];
  for await (const { value } of client.state(name).list<{ n: number }>()) counts.push(value.n);
  return counts;
}

test("handlers that fail at random: nothing overtakes within a key, and state is the exact fold of the events", async () => {
  const retry = { maxAttempts: 50, backoff: SOON };
  await client.declareConsumer(name, { topics: [{ topic: name }], partitions: 4, maxInFlight: 64, retry });
  await client.publish(name, events(600, 20));
  let run = 0;
  const handler = async (context: EventContext) => {
    const isBad = ++run % 7 === 0;
    if (isBad && run % 2 === 0) await turn();
    await fold(context);
    if (isBad) throw new Error("now and then");
  };
  const late = client.publish(name, events(200, 20));
  await work(handler, [client, client, client]);
  await late;
  expect(await folded()).toEqual(Array(20).fill(40));
}, 60_000);

test("settlements that go to another instance than the stream: nothing is lost, nothing overtakes", async () => {
  const other = await server.startAnother();
  const toOther = (input: string | URL | Request, init?: RequestInit) =>
    fetch(String(input).endsWith("/settlements") ? String(input).replace(server.url, other) : input, init);
  const member = createClient({ ...server, fetch: toOther });
  const retry = { maxAttempts: 50, backoff: SOON };
  await client.declareConsumer(name, { topics: [{ topic: name }], partitions: 2, maxInFlight: 64, retry });
  await client.publish(name, events(400, 20));
  const handled = new Map<number, number>();
  let run = 0;
  await work(
    async ({ offset }) => {
      if (++run % 11 === 0) throw new Error("now and then");
      if (run % 3 === 0) await turn();
      handled.set(offset, (handled.get(offset) ?? 0) + 1);
    },
    [member, member],
  );
  expect([...handled.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, i) => i + 1));
}, 60_000);

test("a poisoned key is held while the others finish; redriven, it goes on in order, and knows what for", async () => {
  await client.declareConsumer(name, { topics: [{ topic: name }], retry: { maxAttempts: 2, backoff: SOON } });
  await client.publish(name, events(50, 5));
  let isCured = false;
  const runs: [number, number, string | null][] = [];
  const handler = async ({ key, offset, attempt, operation }: EventContext) => {
    if (key !== "k0") return;
    runs.push([offset, attempt, operation]);
    if (!isCured) throw new TypeError("no such account");
  };
  await work(handler, [client], async () => {
    for (;;) {
      const { topics, parked } = await client.describeConsumer(name);
      if (parked.dead === 1 && parked.blocked === 9 && topics[0]?.lag === 0) break;
    }
    expect(runs).toEqual([
      [1, 1, null],
      [1, 2, null],
    ]);
    isCured = true;
    const filter = { topic: name, key: "k0", state: "dead" };
    await server.post(`/v1/consumers/${name}/redrives`, { filter, reason: "cured" });
    await done(name);
  });
  expect(runs.map(([offset]) => offset)).toEqual([1, 1, 1, 6, 11, 16, 21, 26, 31, 36, 41, 46]);
  expect(runs[2]).toEqual([1, 3, expect.stringMatching(/^[0-9a-f-]{36}$/)]);
  expect(runs.at(-1)?.[2]).toBeNull();
});

test("what a handler throws decides: later, never, or not wanted", async () => {
  await client.declareConsumer(name, { topics: [{ topic: name }], retry: { maxAttempts: 2, backoff: SOON } });
  await client.publish(
    name,
    ["later", "never", "skip", "skip"].map((key) => ({ type: "n", key })),
  );
  const at: number[] = [];
  const handler = ({ key, offset, attempt, state }: EventContext) => {
    if (key === "later") at.push(Date.now());
    if (key === "later" && attempt === 1) throw new RetryLater(400);
    if (key === "never") throw new PermanentError("bad data", { cause: new RangeError("-1") });
    state.set(`${key}/${offset}`, attempt);
    if (offset === 3) throw new SkipEvent("a test");
  };
  await work(handler, [client], async () => {
    for (;;) {
      const { topics, parked } = await client.describeConsumer(name);
      if (parked.dead === 1 && parked.discarded === 1 && parked.retrying === 0 && topics[0]?.lag === 0) break;
    }
  });
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(390);
  const keys: string[] = [];
  for await (const { key } of client.state(name).list()) keys.push(key);
  expect(keys).toEqual(["later/1", "skip/4"]);
});

test("an event that takes longer than the ack timeout is run again, and nothing of its key before that", async () => {
  const retry = { maxAttempts: 10, backoff: SOON };
  await client.declareConsumer(name, { topics: [{ topic: name }], ackTimeoutMs: 250, retry });
  await client.publish(name, events(6, 2));
  const runs: number[] = [];
  const handler = async ({ key, offset }: EventContext) => {
    if (key === "k0") runs.push(offset);
    // No timer runs, so nobody can say that it is still at work.
    if (runs.length === 1) for (const end = Date.now() + 900; Date.now() < end; );
  };
  await work(handler, [client]);
  expect([...new Set(runs)]).toEqual([1, 3, 5]);
});

test("where the order is the topic's, a failing event halts the consumer, which says so and can be resumed", async () => {
  const retry = { maxAttempts: 2, backoff: SOON };
  await client.declareConsumer(name, { topics: [{ topic: name }], ordering: "topic", retry });
  await client.publish(name, events(20, 4));
  const runs: number[] = [];
  const stop = new AbortController();
  let isCured = false;
  const halted = new Promise<Pause>((resolve) => {
    const handler = ({ offset }: EventContext) => {
      runs.push(offset);
      if (offset === 3 && !isCured) throw new Error("broken");
    };
    const options = { signal: stop.signal, onPause: resolve, onError: () => {} };
    void client.consume(name, handler, options);
  });
  expect((await halted).kind).toBe("halted");
  expect(runs).toEqual([1, 2, 3, 3]);
  isCured = true;
  await server.post(`/v1/consumers/${name}/resume`, { reason: "cured" });
  await done(name);
  stop.abort();
  expect(runs).toEqual([1, 2, 3, 3, 3, ...Array.from({ length: 17 }, (_, i) => i + 4)]);
});

test("waiting for a consumer ends when it has settled the event", async () => {
  await client.declareConsumer(name, { topics: [{ topic: name }] });
  const [stored] = await client.publish(name, { type: "n", key: "k" });
  const offset = stored?.offset ?? 0;
  expect(await client.isProcessed(name, name, offset)).toBe(false);
  expect(await client.waitFor(name, name, offset, { timeoutMs: 100 })).toBe(false);
  await work(
    () => {},
    [client],
    async () => expect(await client.waitFor(name, name, offset)).toBe(true),
  );
  expect(await client.isProcessed(name, name, offset)).toBe(true);
});

test("a new version takes over where the old one stands, with what it keeps and what it has failed at", async () => {
  await client.declareConsumer(name, { topics: [{ topic: name }], retry: { maxAttempts: 1, backoff: SOON } });
  await client.publish(name, events(10, 5));
  const handler = ({ key, offset, state }: EventContext) => {
    if (key === "k0") throw new Error("broken");
    state.set(`seen/${offset}`, true);
  };
  await work(handler, [client], async () => {
    for (;;) {
      const { topics, parked } = await client.describeConsumer(name);
      if (parked.dead === 1 && parked.blocked === 1 && topics[0]?.lag === 0) break;
    }
  });
  const copied = await client.declareConsumer(`${name}-v2`, { topics: [{ topic: name }], copyFrom: name });
  expect(copied.parked).toMatchObject({ dead: 1, blocked: 1 });
  expect(copied.topics[0]?.lag).toBe(0);
  expect((await client.state(`${name}-v2`).get("seen/2"))?.value).toBe(true);
});
