import { afterEach, beforeEach, expect, test } from "vitest";
import { type Assignment, type Client, createClient, type EventContext } from "./create-client.ts";
import { madeUpName } from "./member-name.ts";
import type { FakeConsumer } from "./testing/fake-consumer.ts";
import { FakeServer } from "./testing/fake-server.ts";

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

const turn = () => new Promise((resolve) => setImmediate(resolve));
const until = async (isTrue: () => boolean) => {
  while (!isTrue()) await turn();
};
const append = (...keys: string[]) =>
  server.append(
    "t",
    keys.map((key) => ({ type: "n", key })),
  );
const allSettled = () => consumer.settled.size === consumer.events.length;
const streams = () => server.requests.filter((it) => it.includes("/events?"));
const quiet = { onDisconnect: () => {}, onError: () => {} };

function consume(handler: (context: EventContext) => unknown, options = {}) {
  const runs: number[] = [];
  const noting = (context: EventContext) => {
    runs.push(context.offset);
    return handler(context);
  };
  const done = client.consume("c", noting, { signal: stop.signal, ...quiet, ...options });
  const end = async () => {
    stop.abort();
    await done;
  };
  return { runs, end, done };
}

test("what runs and what waits when the connection breaks goes on, and its settlements count", async () => {
  append("a", "a", "b");
  let isFree = false;
  const { runs, end } = consume(() => until(() => isFree));
  await until(() => runs.length === 2);
  consumer.breakOff();
  await until(() => consumer.isConnected && streams().length === 2);
  isFree = true;
  await until(allSettled);
  await end();
  expect(runs).toEqual([1, 3, 2]);
  expect(consumer.epoch).toBe(1);
  expect(streams()[0]).toContain("order=pipelined");
  expect(streams()[1]).toContain("lastEventId=s1.3");
});

test("what was parked while the connection was down is told on the next one, and takes back what is here of its key", async () => {
  // No extension tells the member what the notice should.
  consumer.ackTimeoutMs = 600_000;
  append("a", "a", "a");
  let isFree = false;
  let aborted = 0;
  const { runs, end } = consume(async ({ offset, signal }) => {
    if (offset !== 2 || isFree) return;
    await until(() => signal.aborted);
    aborted += 1;
  });
  await until(() => runs.includes(2) && consumer.settled.size === 1);
  isFree = true;
  for (const event of consumer.events.slice(0, 1)) consumer.settled.delete(event);
  consumer.breakOff();
  consumer.park(1);
  await until(() => aborted === 1);
  expect(streams()[1]).toContain("lastEventId=s1.3");
  consumer.redrive();
  await until(allSettled);
  await end();
  expect(runs).toEqual([1, 2, 1, 2, 3]);
});

test("at another instance everything unsettled comes again: what is being handled, or on its way, is not started twice", async () => {
  append("a", "b", "b");
  consumer.resendsAll = true;
  let isFree = false;
  const { runs, end } = consume(({ offset }) => offset !== 1 && until(() => isFree));
  await until(() => runs.length === 2 && consumer.settled.size === 1);
  consumer.breakOff();
  await until(() => consumer.isConnected && streams().length === 2);
  append("c");
  await until(() => runs.includes(4));
  isFree = true;
  await until(allSettled);
  await end();
  expect(runs).toEqual([1, 2, 4, 3]);
});

test("a session that is over begins anew: what waits is dropped, and everything unsettled is handled", async () => {
  append("a", "a", "b");
  let isFree = false;
  let epoch = 0;
  const onAssignment = (partitions: Assignment) => {
    epoch = partitions[0]?.epoch ?? 0;
  };
  const { runs, end } = consume(({ offset }) => offset === 1 && until(() => isFree), { onAssignment });
  await until(() => consumer.settled.size === 1);
  consumer.isForgetful = true;
  consumer.breakOff();
  await until(() => epoch === 2);
  isFree = true;
  await until(allSettled);
  await end();
  expect(runs).toEqual([1, 3, 1, 2]);
});

test("where the server does not answer a failure, the member begins anew instead of guessing", async () => {
  append("a", "a");
  server.fault("POST /v1/consumers/c/settlements", () => true);
  const { runs, end } = consume(({ offset, attempt }) => {
    if (offset === 1 && attempt === 1 && runs.length === 1) throw new Error("broken");
  });
  await until(() => server.requests.some((it) => it.startsWith("POST")));
  consumer.breakOff();
  await until(() => consumer.epoch === 2);
  await until(allSettled);
  await end();
  expect(runs).toEqual([1, 1, 2]);
});

test("a member that stops says goodbye, after all that ran was settled", async () => {
  append("a");
  const { end } = consume(() => {}, { member: "one/two" });
  await until(allSettled);
  await end();
  expect(consumer.goodbyes).toEqual(["one/two s1"]);
  expect(consumer.isConnected).toBe(false);
});

test("a name that another member has is refused in a sentence that says who has it", async () => {
  const first = consume(() => {}, { member: "one" });
  await until(() => consumer.isConnected);
  const second = client.consume("c", () => {}, { member: "one", nameWaitMs: 0 });
  await expect(second).rejects.toMatchObject({
    code: "member-name-taken",
    message:
      "another member of consumer 'c' is connected as 'one' from 10.0.0.7:4711 since 2026-11-25T20:00:00Z: give each process a name of its own, or none",
  });
  expect(consumer.goodbyes).toEqual([]);
  await first.end();
});

test("a name that becomes free within the time allowed is taken", async () => {
  const ended = new AbortController();
  const first = client.consume("c", () => {}, { member: "one", signal: ended.signal });
  await until(() => consumer.isConnected);
  const attempts: number[] = [];
  const onDisconnect = (_: unknown, attempt: number) => {
    attempts.push(attempt);
    ended.abort();
  };
  const second = consume(() => {}, { member: "one", onDisconnect });
  await first;
  append("a");
  await until(allSettled);
  await second.end();
  expect(attempts[0]).toBe(1);
});

test("a consumer that is removed ends its members", async () => {
  const { done } = consume(() => {});
  await until(() => consumer.isConnected);
  consumer.tell("removed", {});
  await expect(done).rejects.toMatchObject({ code: "consumer-removed" });
});

test("a partition that the assignment leaves out is nobody's here any more: what waits of it is dropped", async () => {
  append("a", "a");
  let isFree = false;
  const { runs, end } = consume(() => until(() => isFree));
  await until(() => runs.length === 1);
  consumer.tell("assignment", { partitions: [] });
  append("b");
  await until(() => runs.length === 2);
  isFree = true;
  await until(() => consumer.settled.size === 2);
  await end();
  expect(runs).toEqual([1, 3]);
});

test("a made-up name is another one each time, and tells the process", () => {
  const names = new Set(Array.from({ length: 100 }, () => madeUpName()));
  expect(names.size).toBe(100);
  for (const name of names) expect(name).toMatch(new RegExp(`^[\\w.-]{1,64}-${process.pid}-[\\w-]{8}$`));
});
