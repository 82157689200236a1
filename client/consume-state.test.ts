import { afterEach, beforeEach, expect, test } from "vitest";
import { type Client, createClient, type EventContext, PermanentError } from "./create-client.ts";
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

const SETTLEMENTS = "POST /v1/consumers/c/settlements";
const append = (...keys: string[]) =>
  server.append(
    "t",
    keys.map((key) => ({ type: "n", key })),
  );
const many = (count: number) => Array.from({ length: count }, (_, i) => `k${i}`);
const turn = () => new Promise((resolve) => setImmediate(resolve));
const until = async (isTrue: () => boolean) => {
  while (!isTrue()) await turn();
};
const allSettled = () => consumer.settled.size === consumer.events.length;
const entry = (key: string) => consumer.state.get(key);
/** Somebody else writes an entry before the member's next settlements arrive. */
const overtake = (key: string, value: unknown) =>
  server.fault(SETTLEMENTS, () => {
    consumer.state.set(key, { value, version: (entry(key)?.version ?? 0) + 1 });
    return false;
  });

/** Handles all there is. */
async function consume(handler: (context: EventContext) => unknown, isDone = allSettled, options = {}) {
  const done = client.consume("c", handler, { signal: stop.signal, onError: () => {}, ...options });
  await until(isDone);
  stop.abort();
  await done;
}

test("handlers side by side update one entry and none of their updates is lost", async () => {
  append(...many(200));
  await consume(async ({ state }) => {
    await turn();
    await state.update<number>("n", (n = 0) => n + 1);
    await turn();
  });
  expect(entry("n")).toEqual({ value: 200, version: 200 });
});

test("somebody else is faster: the update runs again on what there is then, and the handler does not", async () => {
  append("a", "b");
  consumer.state.set("n", { value: 10, version: 1 });
  overtake("n", 100);
  overtake("n", 1000);
  let handled = 0;
  await consume(async ({ state, key }) => {
    handled++;
    state.set(key ?? "", true);
    await state.update<number>("n", (n = 0) => n + 1);
  });
  expect(entry("n")).toEqual({ value: 1002, version: 5 });
  expect(handled).toBe(2);
  expect(entry("a")?.version).toBe(1);
});

test("updates, increments and writes of one entry work together, in one handler and in several", async () => {
  append("a", "a", "a", "a");
  const seen: unknown[] = [];
  await consume(async ({ state, offset }) => {
    if (offset === 1) {
      state.increment("n", 0.1);
      state.increment("n", 0.2);
      seen.push(await state.get("n"));
    } else if (offset === 2) {
      expect(await state.update<number>("n", (n = 0) => n * 10)).toBe(3);
      state.increment("n");
      seen.push(await state.update<number>("n", (n = 0) => n + 1));
    } else if (offset === 3) {
      state.set("n", { list: [1] });
      const push = (value: { list: number[] } = { list: [] }) => {
        value.list.push(2);
        return value;
      };
      await state.update("n", push);
      seen.push(await state.get("n"));
    } else seen.push(await state.update<number | undefined>("n", () => undefined));
  });
  expect(seen).toEqual([0.3, 5, { list: [1, 2] }, undefined]);
  expect(entry("n")).toBeUndefined();
});

test("a handler reads what earlier ones have counted, also while that is on its way", async () => {
  append("a", "a", "a", "a");
  const seen: unknown[] = [];
  await consume(async ({ state, offset }) => {
    seen.push(await state.get("n"));
    if (offset % 2 === 0) state.increment("n");
    else await state.update<number>("n", (n = 0) => n + 1);
  });
  expect(seen).toEqual([undefined, 1, 2, 3]);
});

test("an update that is not waited for counts all the same", async () => {
  append("a");
  await consume(({ state }) => void state.update<number>("n", (n = 0) => n + 1));
  expect(entry("n")?.value).toBe(1);
});

test("what an update throws fails the event, whether in the handler or when it runs again", async () => {
  append("a", "b");
  consumer.state.set("stock", { value: 2, version: 1 });
  const errors: unknown[] = [];
  const take = (stock = 0) => {
    if (stock === 0) throw new PermanentError("sold out");
    return stock - 1;
  };
  overtake("stock", 1);
  await consume(
    async ({ state, key }) => {
      state.set(`sold/${key}`, true);
      await state.update("stock", take);
    },
    () => consumer.settled.size === 1 && consumer.parking.size === 1,
    { onError: (error: unknown) => errors.push(error) },
  );
  expect(entry("stock")).toEqual({ value: 0, version: 3 });
  expect(errors).toMatchObject([{ message: "sold out" }]);
  expect([...consumer.state.keys()].filter((key) => key.startsWith("sold/"))).toHaveLength(1);
  expect(consumer.requests.flat().find((it) => it.outcome === "dead-letter")?.error?.message).toBe("sold out");
});

test("a handler that catches what its update throws goes on without it", async () => {
  append("a");
  await consume(async ({ state }) => {
    await state.increment("n");
    const failing = state.update("n", () => {
      throw new Error("no");
    });
    await failing.catch(() => state.set("caught", true));
  });
  expect(entry("caught")?.value).toBe(true);
});

test("an entry that is never as expected fails its event in the end, and nothing else", async () => {
  append("a", "b");
  const never = (count: number) => {
    if (count === 0) return;
    server.fault(SETTLEMENTS, ({ response, body }) => {
      const { settlements } = JSON.parse(body) as { settlements: { state?: { expect?: object } }[] };
      const index = settlements.findIndex((it) => it.state?.expect !== undefined);
      never(index < 0 ? count : count - 1);
      if (index < 0) return false;
      const conflict = { index, entry: "n", expected: 0, actual: 1, reason: "version" };
      problem(response, 409, "state-conflict", { conflicts: [conflict] });
      return true;
    });
  };
  never(100);
  await consume(
    async ({ state, key }) => key === "a" && (await state.update("n", () => 1)),
    () => consumer.parking.size === 1 && consumer.settled.size === 1,
  );
  expect(consumer.requests.flat().find((it) => it.outcome === "retry")?.error?.name).toBe("MillraceError");
}, 30_000);

test("what cannot be incremented fails its event at once; its neighbours count", async () => {
  append("a", "b");
  consumer.state.set("word", { value: "x", version: 1 });
  await consume(
    ({ state, key }) => state.increment(key === "a" ? "word" : "n"),
    () => consumer.parking.size === 1 && consumer.settled.size === 1,
  );
  expect(entry("n")?.value).toBe(1);
  expect(entry("word")?.value).toBe("x");
});

test("an event whose settlement does not count leaves the updates behind it right", async () => {
  append("a", "b");
  server.fault(SETTLEMENTS, ({ body }) => {
    // The first of them was settled elsewhere meanwhile: the server writes nothing for it again.
    const { settlements } = JSON.parse(body) as { settlements: { offset: number }[] };
    const event = consumer.events.find((it) => Number(it.sequence) === settlements[0]?.offset);
    if (event !== undefined) consumer.settled.add(event);
    return false;
  });
  await consume(async ({ state }) => void (await state.update<number>("n", (n = 0) => n + 1)));
  expect(entry("n")).toEqual({ value: 1, version: 1 });
});

test("the mistakes that can be found in the handler are found there", async () => {
  append("a");
  const errors: string[] = [];
  const note = (error: unknown) => void errors.push((error as Error).message);
  await consume(async ({ state }) => {
    await state.update("n", async () => 1).catch(note);
    await state.update("n", () => () => {}).catch(note);
    for (const by of [Number.NaN, 2 ** 53, 0.1 + 0.2]) {
      try {
        state.increment("n", by);
      } catch (error) {
        note(error);
      }
    }
  });
  expect(errors).toEqual([
    "the update of state key 'n' must not be async",
    "the value of state key 'n' cannot be written as JSON",
    "NaN cannot be added exactly",
    "9007199254740992 cannot be added exactly",
    "0.30000000000000004 cannot be added exactly",
  ]);
  expect(consumer.state.size).toBe(0);
});

test("an answer that was lost is asked for again, and counts no update twice", async () => {
  append(...many(20));
  server.fault(SETTLEMENTS, (exchange) => {
    const answer = exchange.response;
    consumer.serve("POST settlements", { ...exchange, response: discard(answer) });
    answer.destroy();
    return true;
  });
  await consume(
    async ({ state }) => void (await state.update<number>("n", (n = 0) => n + 1)),
    () => {
      return allSettled() && consumer.requests.length > 1;
    },
  );
  expect(entry("n")).toEqual({ value: 20, version: 20 });
});

/** Takes an answer that nobody is to see. */
function discard<Response extends object>(response: Response): Response {
  const swallow = () => swallowing;
  const swallowing = new Proxy(response, { get: () => swallow });
  return swallowing;
}
