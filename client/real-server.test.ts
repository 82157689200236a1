import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Assignment, type Client, ConflictError, createClient, type EventContext } from "./create-client.ts";
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
  name = `t${++count}`;
  await client.declareTopic(name);
});

const events = (howMany: number, keys: number) =>
  Array.from({ length: howMany }, (_, i) => ({ type: "n", key: `k${i % keys}`, data: i }));

async function settled(consumer: string): Promise<void> {
  while ((await client.describeConsumer(consumer)).topics.some(({ lag }) => lag > 0));
}

test("the same publish sent twice is stored once, also with an expectation that has come true meanwhile", async () => {
  const event = { id: "e1", type: "a", key: "k" };
  expect(await client.publish(name, event, { expect: { k: 0 } })).toEqual([{ id: "e1", offset: 1, duplicate: false }]);
  expect(await client.publish(name, event, { expect: { k: 0 } })).toEqual([{ id: "e1", offset: 1, duplicate: true }]);
});

test("a conflict names the actual offset; load and append go on from it", async () => {
  await client.append(name, "a", [{ type: "x" }, { type: "x" }], { expect: 0 });
  const conflict = await client.append(name, "a", [{ type: "x" }], { expect: 1 }).catch((error: unknown) => error);
  expect(conflict).toBeInstanceOf(ConflictError);
  expect((conflict as ConflictError).actual).toEqual({ a: 2 });
  const { state, version } = await client.load(name, "a", (n: number) => n + 1, 0);
  expect({ state, version }).toEqual({ state: 2, version: 2 });
});

test("a follower sees stored and live events by type and key, in order, and knows when it has caught up", async () => {
  for (let i = 0; i < 3; i++) await client.publish(name, events(900, 5));
  const offsets: number[] = [];
  const onCaughtUp = (offset: number) => {
    expect(offset).toBe(2700);
    void client.publish(name, { type: "n", key: "k0", data: "live" });
  };
  for await (const { offset, key, event } of client.follow(name, { key: "k0", types: ["n"], onCaughtUp })) {
    expect(key).toBe("k0");
    offsets.push(offset);
    if (event.data === "live") break;
  }
  expect(offsets).toHaveLength(541);
  expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
});

test("members come and go: order per key holds, and state is the exact fold of the events", async () => {
  await client.declareConsumer(name, { topics: [{ topic: name }], partitions: 4, maxInFlight: 64 });
  const last = new Map<string, number>();
  let handled = 0;
  const handler = async ({ key, offset, state }: EventContext) => {
    const id = key ?? "";
    // A repeat may come; a later event before an earlier one may not.
    expect(offset).toBeGreaterThanOrEqual(last.get(id) ?? 0);
    const { sum = 0, upTo = 0 } = (await state.get<{ sum: number; upTo: number }>(id)) ?? {};
    expect(upTo).toBeLessThan(offset);
    state.set(id, { sum: sum + 1, upTo: offset });
    last.set(id, offset);
    handled++;
  };
  const members = ["a", "b", "c"].map((member) => {
    const stop = new AbortController();
    const done = client.consume(name, handler, { member, signal: stop.signal });
    return { stop, done };
  });
  for (let i = 0; i < 4; i++) {
    await client.publish(name, events(480, 40));
    while (handled < i * 480 + 100) await new Promise((resolve) => setImmediate(resolve));
    if (i < 3) members[i]?.stop.abort();
    if (i === 1) {
      const stop = new AbortController();
      members.push({ stop, done: client.consume(name, handler, { member: "d", signal: stop.signal }) });
    }
  }
  await settled(name);
  for (const { stop } of members) stop.abort();
  await Promise.all(members.map(({ done }) => done));
  const sums: number[] = [];
  for await (const { value } of client.state(name).list<{ sum: number }>()) sums.push(value.sum);
  expect(sums).toEqual(Array.from({ length: 40 }, () => 48));
}, 60_000);

test("sixteen handlers side by side count into one entry: 212 of 212", async () => {
  await client.declareConsumer(name, { topics: [{ topic: name }] });
  await client.publish(name, events(212, 212));
  const stop = new AbortController();
  const handler = async ({ state }: EventContext) => {
    await state.update<number>("count", (n = 0) => n + 1);
    state.increment("cents", 0.1);
  };
  const done = client.consume(name, handler, { signal: stop.signal });
  await settled(name);
  stop.abort();
  await done;
  expect((await client.state(name).get("count"))?.value).toBe(212);
  expect((await client.state(name).get("cents"))?.value).toBe(21.2);
});

test("two members take from the same stock, each for the events of its keys: 200 of 200", async () => {
  await client.declareConsumer(name, { topics: [{ topic: name }], partitions: 2 });
  const stop = new AbortController();
  const handled = new Map<string, number>();
  const assigned = new Map<string, number>();
  const working = ["a", "b"].map((member) => {
    const handler = async ({ state, offset }: EventContext) => {
      handled.set(member, (handled.get(member) ?? 0) + 1);
      await state.update<{ left: number }>(`stock/${offset % 3}`, (stock = { left: 100 }) => {
        stock.left -= 1;
        return stock;
      });
    };
    const onAssignment = (partitions: Assignment) => void assigned.set(member, partitions.length);
    return client.consume(name, handler, { member, signal: stop.signal, concurrency: 4, onAssignment });
  });
  while (!(assigned.has("a") && assigned.has("b")) || [...assigned.values()].every((it) => it !== 1))
    await new Promise((resolve) => setImmediate(resolve));
  await client.publish(name, events(200, 50));
  await settled(name);
  stop.abort();
  await Promise.all(working);
  let taken = 0;
  for await (const { value } of client.state(name).list<{ left: number }>("stock/")) taken += 100 - value.left;
  expect(taken).toBe(200);
  expect([...handled.keys()].sort()).toEqual(["a", "b"]);
}, 60_000);

test("a handler slower than the ack timeout keeps its event", async () => {
  await client.declareConsumer(name, { topics: [{ topic: name }], ackTimeoutMs: 300 });
  await client.publish(name, events(3, 1));
  let runs = 0;
  const stop = new AbortController();
  const handler = async () => {
    runs++;
    await new Promise((resolve) => setTimeout(resolve, 900));
  };
  const done = client.consume(name, handler, { signal: stop.signal });
  await settled(name);
  stop.abort();
  await done;
  expect(runs).toBe(3);
});

test("an operator's move of the position reaches a connected member, which goes on without reconnecting", async () => {
  await client.declareConsumer(name, { topics: [{ topic: name }] });
  await client.publish(name, events(20, 3));
  const seen: [number, boolean][] = [];
  const assignments: number[] = [];
  const stop = new AbortController();
  const done = client.consume(name, ({ offset, replay }) => void seen.push([offset, replay]), {
    signal: stop.signal,
    onAssignment: (partitions) => assignments.push(partitions[0]?.epoch ?? 0),
  });
  await settled(name);
  const plan = await server.post(`/v1/consumers/${name}/position-plans`, { target: { to: "offset", offset: 11 } });
  const { id: planId, token } = plan as { id: string; token: string };
  await server.post(`/v1/consumers/${name}/position-changes`, { planId, token, reason: "again, please" });
  while (seen.length < 30) await new Promise((resolve) => setImmediate(resolve));
  await settled(name);
  stop.abort();
  await done;
  expect(seen.slice(20)).toEqual(Array.from({ length: 10 }, (_, i) => [11 + i, true]));
  expect(assignments.at(-1)).toBeGreaterThan(assignments[0] ?? 0);
});

test("a lossless parser gets every digit that was published", async () => {
  await server.post(`/v1/topics/${name}/events`, `{"type":"n","key":"k","data":[9007199254740993,1.10]}`);
  const exact = createClient({ ...server, parse: (text) => JSON.parse(text.replace(/([\d.]{4,})([,\]])/g, '"$1"$2')) });
  const { state } = await exact.load<unknown, unknown>(name, "k", (_, event) => event.data, null);
  expect(state).toEqual(["9007199254740993", "1.10"]);
});

test("a key that may consume, and read the topic, is enough for a member", async () => {
  await client.declareConsumer(name, { topics: [{ topic: name }] });
  await client.publish(name, { type: "n", key: "k" });
  const apiKey = await server.keyFor([
    { action: "consume", pattern: name },
    { action: "read", pattern: name },
  ]);
  const member = createClient({ url: server.url, apiKey });
  const stop = new AbortController();
  const handler = async ({ state }: EventContext) => {
    expect(await state.get("nothing")).toBeUndefined();
    stop.abort();
  };
  await member.consume(name, handler, { signal: stop.signal });
  await expect(member.publish(name, { type: "n" })).rejects.toMatchObject({ code: "forbidden" });
});
