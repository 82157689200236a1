import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, createClient, type EventContext } from "./create-client.ts";
import type { FakeConsumer } from "./testing/fake-consumer.ts";
import { FakeServer, problem } from "./testing/fake-server.ts";

let server: FakeServer;
let client: Client;
let consumer: FakeConsumer;
let stop: AbortController;
beforeEach(async () => {
  server = await FakeServer.start();
  client = createClient({ url: server.url, apiKey: "k" });
  consumer = server.consumer("c");
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await server.stop();
});

const numbered = (count: number, keys = 0) =>
  server.append(
    "t",
    Array.from({ length: count }, (_, i) => ({ type: "n", data: i, ...(keys > 0 ? { key: `k${i % keys}` } : {}) })),
  );
const until = async (isTrue: () => boolean) => {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
};
const allSettled = () => consumer.settled.size === consumer.events.length;
const turn = () => new Promise((resolve) => setImmediate(resolve));
const quiet = { onError: () => {} };

test("every event is handled and settled, thousands of them in few requests", async () => {
  numbered(5000);
  let handled = 0;
  const done = client.consume("c", () => void handled++, { signal: stop.signal });
  await until(allSettled);
  stop.abort();
  await done;
  expect(handled).toBe(5000);
  expect(consumer.requests.length).toBeLessThan(200);
});

test("a later event of a key never starts before the earlier one succeeded; keys do not wait for one another", async () => {
  numbered(60, 6);
  const running = new Set<string | null>();
  const last = new Map<string | null, number>();
  let most = 0;
  const handler = async ({ key, offset }: EventContext) => {
    expect(running.has(key)).toBe(false);
    expect(offset).toBeGreaterThan(last.get(key) ?? 0);
    running.add(key);
    most = Math.max(most, running.size);
    for (let i = 0; i < (offset * 7) % 5; i++) await turn();
    last.set(key, offset);
    running.delete(key);
  };
  const done = client.consume("c", handler, { signal: stop.signal, concurrency: 4 });
  await until(allSettled);
  expect(most).toBe(4);
  stop.abort();
  await done;
});

test("a disconnect in the middle of a frame: the session goes on, nothing is lost and nothing handled twice", async () => {
  numbered(300, 7);
  const seen: number[] = [];
  const handler = async ({ offset }: EventContext) => {
    seen.push(offset);
    if (seen.length === 100 || seen.length === 200) consumer.breakOff();
    await turn();
  };
  const done = client.consume("c", handler, { signal: stop.signal });
  await until(allSettled);
  stop.abort();
  await done;
  expect([...seen].sort((x, y) => x - y)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
  expect(consumer.epoch).toBe(1);
});

test("state changes travel with the ack of their event, and later handlers see them before they are committed", async () => {
  numbered(50, 1);
  const values: unknown[] = [];
  const handler = async ({ state, offset }: EventContext) => {
    const count = (await state.get<number>("count")) ?? 0;
    values.push(count);
    state.set("count", count + 1);
    expect(await state.get("count")).toBe(count + 1);
    if (offset === 1) state.set("temporary", { a: [1] });
    if (offset === 2) state.delete("temporary");
  };
  const done = client.consume("c", handler, { signal: stop.signal });
  await until(allSettled);
  stop.abort();
  await done;
  expect(values).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(consumer.state.get("count")).toEqual({ value: 50, version: 50 });
  expect(consumer.state.has("temporary")).toBe(false);
  expect((await client.state("c").get("count"))?.value).toBe(50);
  expect(await client.state("c").get("nothing")).toBeNull();
});

test("what a failed handler wrote is not kept", async () => {
  numbered(1, 1);
  const handler = async ({ state, attempt }: EventContext) => {
    if (attempt === 1) {
      state.set("half", true);
      throw new Error("after the write");
    }
    expect(await state.get("half")).toBeUndefined();
    state.set("whole", true);
  };
  const done = client.consume("c", handler, { signal: stop.signal, ...quiet });
  await until(() => consumer.parking.size > 0);
  consumer.redrive();
  await until(allSettled);
  stop.abort();
  await done;
  expect([...consumer.state.keys()]).toEqual(["whole"]);
});

test("state cannot be written after the handler has finished", async () => {
  numbered(1);
  let kept: EventContext | undefined;
  const handler = (context: EventContext) => {
    kept = context;
  };
  const done = client.consume("c", handler, { signal: stop.signal });
  await until(allSettled);
  expect(() => kept?.state.set("late", 1)).toThrow("after the handler had finished");
  stop.abort();
  await done;
});

test("state is listed page by page under its prefix", async () => {
  for (const key of ["a1", "b1", "b2", "b3", "b4", "b5"]) consumer.state.set(key, { value: key, version: 1 });
  const keys: string[] = [];
  for await (const { key } of client.state("c").list("b")) keys.push(key);
  expect(keys).toEqual(["b1", "b2", "b3", "b4", "b5"]);
});

test("a handler slower than the ack timeout is extended, and so is what waits behind it", async () => {
  consumer.ackTimeoutMs = 120;
  numbered(3, 1);
  let isFree = false;
  const handler = () => until(() => isFree);
  const done = client.consume("c", handler, { signal: stop.signal });
  await until(() => consumer.extended >= 9);
  isFree = true;
  await until(allSettled);
  stop.abort();
  await done;
});

test("a lost answer to a settlement is repeated, 503 is waited out", async () => {
  numbered(10);
  server.fault("POST /v1/consumers/c/settlements", ({ response }) => response.destroy() !== undefined);
  server.fault("POST /v1/consumers/c/settlements", ({ response }) => {
    problem(response, 503, "database-unavailable");
    return true;
  });
  const done = client.consume("c", () => {}, { signal: stop.signal });
  await until(allSettled);
  stop.abort();
  await done;
});

test("after `reset` everything is delivered under the new epoch; what ran under the old one settles nothing", async () => {
  numbered(4, 1);
  let isReset = false;
  const signals: boolean[] = [];
  const offsets: number[] = [];
  const handler = async ({ offset, signal }: EventContext) => {
    offsets.push(offset);
    if (offset === 2 && !isReset) {
      isReset = true;
      consumer.reset();
      await until(() => signal.aborted);
      signals.push(signal.aborted);
    }
  };
  const done = client.consume("c", handler, { signal: stop.signal });
  await until(allSettled);
  stop.abort();
  await done;
  expect(signals).toEqual([true]);
  expect(offsets).toEqual([1, 2, 1, 2, 3, 4]);
  expect(consumer.requests.flat().every(({ epoch, offset }) => epoch === 2 || offset === 1)).toBe(true);
});

test("one stale lease among the settlements does not hold up the others", async () => {
  numbered(6);
  let refused = 0;
  server.fault("POST /v1/consumers/c/settlements", ({ response, body }) => {
    refused = JSON.parse(body).settlements.length;
    problem(response, 409, "stale-epoch", { stale: [{ index: 0 }] });
    return true;
  });
  // Settled one by one because the first is still running.
  const handler = async ({ offset }: EventContext) => until(() => offset > 1 || refused > 0);
  const done = client.consume("c", handler, { signal: stop.signal });
  await until(() => refused > 0 && consumer.requests.length > 0);
  expect(refused).toBe(5);
  expect(consumer.requests[0]).toHaveLength(4);
  stop.abort();
  await done;
});

test("queued deliveries of a revoked partition are dropped; what runs is refused and does no harm", async () => {
  numbered(5, 1);
  const offsets: number[] = [];
  const handler = async ({ offset, signal }: EventContext) => {
    offsets.push(offset);
    consumer.revoke();
    await turn();
    await turn();
    expect(signal).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 30));
  };
  const done = client.consume("c", handler, { signal: stop.signal });
  await until(() => server.requests.some((it) => it.startsWith("POST")));
  stop.abort();
  await done;
  expect(offsets).toEqual([1]);
  expect(consumer.settled.size).toBe(0);
});

test("a handler that never ends delays the end by the grace time once, not twice", async () => {
  numbered(1);
  let isRunning = false;
  const handler = () => {
    isRunning = true;
    return new Promise(() => {});
  };
  const done = client.consume("c", handler, { signal: stop.signal, graceMs: 300 });
  await until(() => isRunning);
  const begun = Date.now();
  stop.abort();
  await done;
  expect(Date.now() - begun).toBeLessThan(550);
});

test("an abort takes nothing new, finishes and settles what runs, and only then closes the connection", async () => {
  numbered(50);
  let started = 0;
  let isFree = false;
  const handler = async () => {
    started++;
    await until(() => isFree);
  };
  const done = client.consume("c", handler, { signal: stop.signal, concurrency: 3 });
  await until(() => started === 3);
  stop.abort();
  await turn();
  expect(consumer.isConnected).toBe(true);
  isFree = true;
  await done;
  await until(() => !consumer.isConnected);
  expect(started).toBe(3);
  expect(consumer.settled.size).toBe(3);
});

test("what waits at an abort is not settled along with what runs", async () => {
  for (const key of ["first", "a", "a", "b"]) server.append("t", [{ type: "n", key }]);
  let letThrough: (() => void) | undefined;
  server.fault("POST", (exchange) => {
    letThrough = () => consumer.serve("POST settlements", exchange);
    return true;
  });
  let finished = 0;
  const handler = async ({ key }: EventContext) => {
    if (key !== "first") await until(() => stop.signal.aborted);
    finished++;
  };
  const done = client.consume("c", handler, { signal: stop.signal });
  await until(() => letThrough !== undefined);
  stop.abort();
  await until(() => finished === 3);
  // The two that ran are settled together, and the one between them waited.
  letThrough?.();
  await done;
  expect([...consumer.settled].map((it) => it.sequence)).toEqual(["1", "2", "4"]);
});

test("a handler that does not finish within the grace time has its signal aborted and is left unsettled", async () => {
  numbered(1);
  let isAborted = false;
  const handler = ({ signal }: EventContext) =>
    new Promise<void>((_, reject) =>
      signal.addEventListener("abort", () => {
        isAborted = true;
        reject(new Error("aborted"));
      }),
    );
  const done = client.consume("c", handler, { signal: stop.signal, graceMs: 30 });
  await until(() => consumer.isConnected && consumer.events.length === 1);
  await new Promise((resolve) => setTimeout(resolve, 30));
  stop.abort();
  await done;
  expect(isAborted).toBe(true);
  expect(consumer.settled.size).toBe(0);
});

test("a key that is not allowed ends consuming with the refusal", async () => {
  server.fault("GET /v1/consumers/c", ({ response }) => {
    problem(response, 403, "forbidden");
    return true;
  });
  await expect(client.consume("c", () => {})).rejects.toMatchObject({ code: "forbidden" });
  numbered(1);
  server.fault("POST", ({ response }) => {
    problem(response, 403, "forbidden");
    return true;
  });
  await expect(client.consume("c", () => {})).rejects.toMatchObject({ code: "forbidden" });
});

test("a consumer ordered by topic runs its events one after another", async () => {
  consumer.ordering = "topic";
  numbered(20);
  let running = 0;
  const handler = async () => {
    expect(++running).toBe(1);
    await turn();
    running--;
  };
  const done = client.consume("c", handler, { signal: stop.signal });
  await until(allSettled);
  stop.abort();
  await done;
});

test("an abort before the first connection resolves at once", async () => {
  stop.abort();
  await client.consume("c", () => {}, { signal: stop.signal });
  expect(server.requests).toEqual([]);
});
