import { setTimeout as delay } from "node:timers/promises";
import type { EventSourceMessage } from "eventsource-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Delivery } from "../contract/settlements.ts";
import { eventsOf, type Frames, framesOf, type RunningServer, runningServer } from "./testing/running-server.ts";

// What was seen when the state store's promises were tried over plain HTTP, with the right value. The other rows of that
// table stand in round-trips.test.ts (names of events), following.test.ts and declare-consumer.test.ts (places beyond
// the head). conformance/ asks for the same and more, in Python, of any server.

let server: RunningServer;
beforeAll(async () => {
  server = await runningServer();
});
afterAll(() => server?.close());

const json = { "content-type": "application/json" };

/** A consumer and its topic, both of this name, with one event of each key. */
async function scene(name: string, keys: readonly string[], settings: object = {}): Promise<void> {
  await server.declareTopic(name);
  const topics = [{ topic: name, start: "earliest" }];
  await expectOk(send("PUT", `/v1/consumers/${name}`, { topics, ...settings }));
  const events = keys.map((key) => ({ type: "t", key }));
  await expectOk(send("POST", `/v1/topics/${name}/events`, { events }));
}

const send = (method: string, path: string, body: object) =>
  server.request(path, { method, body: JSON.stringify(body), headers: json });

async function expectOk(answering: Promise<Response>): Promise<unknown> {
  const answer = await answering;
  const body = await answer.json();
  expect(body).not.toHaveProperty("code");
  return body;
}

interface Connection extends Frames {
  readonly deliveries: () => readonly Delivery[];
  readonly lastId: () => string | undefined;
}

async function connect(consumer: string, member: string, lastEventId?: string): Promise<Connection | Response> {
  const abort = new AbortController();
  const answer = await server.request(`/v1/consumers/${consumer}/events?member=${member}`, {
    headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
    signal: abort.signal,
  });
  if (!answer.ok) return answer;
  const frames = framesOf(answer, abort);
  return {
    ...frames,
    deliveries: () => eventsOf(frames.seen).map(deliveryOf),
    lastId: () => eventsOf(frames.seen).at(-1)?.id ?? lastEventId,
  };
}

async function connected(consumer: string, member: string, lastEventId?: string): Promise<Connection> {
  const connection = await connect(consumer, member, lastEventId);
  if (connection instanceof Response) throw new Error(await connection.text());
  return connection;
}

const deliveryOf = (frame: EventSourceMessage) => (JSON.parse(frame.data) as { delivery: Delivery }).delivery;

async function settle(consumer: string, deliveries: readonly Delivery[], outcome: "ack" | "retry"): Promise<object> {
  const settlements = deliveries.map(({ topic, partition, epoch, offset, attempt }) => ({
    ...{ topic, partition, epoch, offset, outcome },
    ...(outcome === "retry" && { attempt, error: { name: "Down", message: "no answer" } }),
  }));
  return (await expectOk(send("POST", `/v1/consumers/${consumer}/settlements`, { settlements }))) as object;
}

async function account(name: string): Promise<Record<string, number>> {
  const answer = await server.request(`/v1/consumers/${name}/account?topic=${name}`);
  const { accounts } = (await answer.json()) as { accounts: Record<string, { count?: number }>[] };
  const counts = Object.entries(accounts[0] ?? {}).flatMap(([kind, it]) => (it?.count ? [[kind, it.count]] : []));
  return Object.fromEntries(counts);
}

async function describeConsumer(name: string): Promise<{ status: string; failing: unknown }> {
  return (await server.request(`/v1/consumers/${name}`)).json() as Promise<{ status: string; failing: unknown }>;
}

const distinctKeys = (count: number) => Array.from({ length: count }, (_, i) => `k${i}`);

describe("a plain client", () => {
  it("that handles its window one by one, slower than the ack timeout allows for all of it, loses none to dead letters", async () => {
    const name = "one-by-one";
    await scene(name, distinctKeys(200), { ackTimeoutMs: 1_000, retry: { maxAttempts: 1 } });
    const stream = await connected(name, "m1");
    for (let n = 0; n < 200; n++) {
      await stream.until(() => stream.deliveries().length > n);
      await delay(20);
      expect(await settle(name, stream.deliveries().slice(n, n + 1), "ack")).toEqual({ settled: 1 });
    }
    await expect.poll(() => account(name)).toEqual({ settled: 200 });
    expect(stream.deliveries()).toHaveLength(200);
    stream.close();
  }, 40_000);

  it("whose stream is cut every 2 s under handlers of 3 s loses none: late settlements count, nothing dies", async () => {
    const name = "cut";
    await scene(name, ["a", "b", "a", "b"], { retry: { maxAttempts: 3 } });
    const handlers: Promise<object>[] = [];
    let lastId: string | undefined;
    for (let cuts = 0; cuts < 4; cuts++) {
      const stream = await connected(name, "m1", lastId);
      await delay(2_000);
      stream.close();
      await stream.ended;
      lastId = stream.lastId();
      const handle = async (delivery: Delivery) => {
        await delay(3_000);
        return settle(name, [delivery], "ack");
      };
      handlers.push(...stream.deliveries().map(handle));
    }
    expect(await Promise.all(handlers)).toEqual(Array.from({ length: 4 }, () => ({ settled: 1 })));
    await expect.poll(() => account(name)).toEqual({ settled: 4 });
  }, 40_000);

  it("that shares its name with another process which connects again and again keeps its epoch, and the name", async () => {
    const name = "two-of-a-name";
    await scene(name, ["a"]);
    const holder = await connected(name, "worker");
    await holder.until(() => holder.deliveries().length === 1);
    for (let n = 0; n < 100; n++) {
      const refused = await connect(name, "worker");
      expect(refused instanceof Response && (await refused.json())).toMatchObject({
        ...{ status: 409, code: "member-name-taken", member: "worker" },
        ...{ server: expect.any(String), address: expect.any(String), since: expect.any(String) },
      });
    }
    await settle(name, holder.deliveries(), "ack");
    await expectOk(send("POST", `/v1/topics/${name}/events`, { type: "t", key: "a" }));
    await holder.until(() => holder.deliveries().length === 2);
    expect(holder.deliveries().map((it) => it.epoch)).toEqual([1, 1]);
    holder.close();
  }, 40_000);

  it("that answers in the order of the stream is handed no later event of a poisoned key, out of ten keys", async () => {
    const name = "poisoned";
    const keys = Array.from({ length: 100 }, (_, i) => `k${i % 10}`);
    await scene(name, keys, { retry: { maxAttempts: 3, backoff: { delaysMs: [50] } } });
    const stream = await connected(name, "m1");
    for (let n = 0; n < 93; n++) {
      await stream.until(() => stream.deliveries().length > n);
      const [delivery] = stream.deliveries().slice(n);
      if (delivery !== undefined) await settle(name, [delivery], delivery.offset % 10 === 8 ? "retry" : "ack");
    }
    await expect.poll(() => account(name)).toEqual({ settled: 90, dead: 1, blocked: 9 });
    const poisoned = stream.deliveries().filter((it) => it.offset % 10 === 8);
    expect(poisoned.map((it) => [it.offset, it.attempt])).toEqual([
      [8, 1],
      [8, 2],
      [8, 3],
    ]);
    stream.close();
  }, 40_000);

  it("for which everything fails, 1,000 keys under the default breaker, makes a consumer that says so, and no dead letter", async () => {
    const name = "outage";
    await scene(name, distinctKeys(1_000), { retry: { maxAttempts: 2, backoff: { delaysMs: [0] } } });
    const stream = await connected(name, "m1");
    const isPaused = () => stream.seen.some((it) => it.event === "paused");
    for (let n = 0; !isPaused(); n++) {
      await stream.until(() => isPaused() || stream.deliveries().length > n);
      if (!isPaused()) await settle(name, stream.deliveries().slice(n, n + 1), "retry");
    }
    expect(await describeConsumer(name)).toMatchObject({ status: "failing", failing: { error: { name: "Down" } } });
    // What the client still had fails as well, and then the first one that is tried: the others stay where they are.
    const before = stream.deliveries().length;
    await settle(name, stream.deliveries().slice(20), "retry");
    await stream.until(() => stream.deliveries().length > before);
    await settle(name, stream.deliveries().slice(before), "retry");
    const { dead, retrying, pending, inFlight } = await account(name);
    expect({ dead, all: (retrying ?? 0) + (pending ?? 0) + (inFlight ?? 0) }).toEqual({ dead: undefined, all: 1_000 });
    expect(stream.deliveries()).toHaveLength(before + 1);
    stream.close();
  }, 40_000);
});
