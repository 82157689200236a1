import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  type Client,
  createClient,
  type EventContext,
  type Pause,
  PermanentError,
  RetryLater,
  SkipEvent,
} from "./create-client.ts";
import type { FakeConsumer } from "./testing/fake-consumer.ts";
import { type Exchange, FakeServer, json } from "./testing/fake-server.ts";
import type { Settlement } from "./wire.ts";

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
const turn = () => new Promise((resolve) => setImmediate(resolve));
const until = async (isTrue: () => boolean) => {
  while (!isTrue()) await turn();
};
const append = (...keys: (string | undefined)[]) =>
  server.append(
    "t",
    keys.map((key) => ({ type: "n", ...(key === undefined ? {} : { key }) })),
  );
const allSettled = () => consumer.settled.size === consumer.events.length;
const sent = (): Settlement[] => consumer.requests.flat().filter((it) => it.outcome !== "extend");
const fail = () => {
  throw new Error("broken");
};

/** Consumes, and notes which event ran when. */
function consume(handler: (context: EventContext) => unknown, options = {}) {
  const runs: string[] = [];
  const noting = (context: EventContext) => {
    runs.push(`${context.key ?? "-"}${context.offset}`);
    return handler(context);
  };
  const done = client.consume("c", noting, { signal: stop.signal, onError: () => {}, ...options });
  const end = async () => {
    stop.abort();
    await done;
  };
  return { runs, end };
}

/** Keeps the next settlements from the server until they are let through. */
function hold(): { isHeld: () => boolean; letThrough: () => void } {
  let held: Exchange | undefined;
  server.fault(SETTLEMENTS, (exchange) => {
    held = exchange;
    return true;
  });
  return {
    isHeld: () => held !== undefined,
    letThrough: () => held !== undefined && consumer.serve("POST settlements", held),
  };
}

test("a failing event holds up its own key alone, and comes first when it comes again", async () => {
  append("a", "b", "a", "b", "a", "b");
  const { runs, end } = consume(({ offset, attempt }) => offset === 1 && attempt === 1 && fail());
  await until(() => consumer.settled.size === 3 && consumer.parking.size === 1);
  expect(runs).toEqual(["a1", "b2", "b4", "b6"]);
  consumer.redrive();
  await until(allSettled);
  await end();
  expect(runs).toEqual(["a1", "b2", "b4", "b6", "a1", "a3", "a5"]);
  expect(consumer.superseded).toBe(0);
});

test("what the server delivers of a failing key before it knows of the failure is not run, and is run in its turn", async () => {
  const settlements = hold();
  append("a", "b");
  const { runs, end } = consume(({ offset, attempt }) => offset === 1 && attempt === 1 && fail());
  await until(settlements.isHeld);
  append("a", "b");
  await until(() => runs.includes("b4"));
  expect(runs).toEqual(["a1", "b2", "b4"]);
  settlements.letThrough();
  await until(() => consumer.parking.size === 1);
  consumer.redrive();
  await until(allSettled);
  await end();
  expect(runs).toEqual(["a1", "b2", "b4", "a1", "a3"]);
});

test("what is delivered of a key after its event was parked is run, even right behind the notice", async () => {
  append("a");
  const { runs, end } = consume(({ offset, attempt }) => offset === 1 && attempt === 1 && fail());
  await until(() => consumer.parking.size === 1);
  consumer.redrive();
  append("a", "a");
  await until(allSettled);
  await end();
  expect(runs).toEqual(["a1", "a1", "a2", "a3"]);
});

test("an earlier event parked by somebody else takes back what runs and what waits of its key", async () => {
  // No extension tells the member what the notice should.
  consumer.ackTimeoutMs = 600_000;
  append("a", "a", "a", "b");
  let isFree = false;
  const aborted: boolean[] = [];
  const { runs, end } = consume(async ({ offset, signal }) => {
    if (offset !== 2 || isFree) return;
    await until(() => signal.aborted);
    aborted.push(signal.aborted);
  });
  await until(() => runs.includes("a2") && consumer.settled.size === 2);
  isFree = true;
  consumer.settled.delete(consumer.events[0] ?? fail());
  consumer.park(1);
  await until(() => aborted.length === 1);
  consumer.redrive();
  await until(allSettled);
  await end();
  expect(runs.filter((it) => it.startsWith("a"))).toEqual(["a1", "a2", "a1", "a2", "a3"]);
  expect(sent().filter((it) => it.offset === 2)).toHaveLength(1);
});

test("a settlement that does not count drops its event: it is run again in its turn", async () => {
  append("a", "a");
  const settlements = hold();
  let isFree = false;
  const { runs, end } = consume(async ({ offset }) => offset === 2 && (await until(() => isFree)));
  await until(settlements.isHeld);
  settlements.letThrough();
  await until(() => consumer.settled.size === 1);
  const late = hold();
  isFree = true;
  await until(late.isHeld);
  consumer.settled.delete(consumer.events[0] ?? fail());
  consumer.park(1);
  late.letThrough();
  await until(() => consumer.superseded === 1);
  consumer.redrive();
  await until(allSettled);
  await end();
  expect(runs).toEqual(["a1", "a2", "a1", "a2"]);
});

test("what an event wrote whose settlement does not count is not seen by others", async () => {
  append("a");
  server.fault(SETTLEMENTS, ({ response }) => {
    json(response, 200, { settled: 0, superseded: [0] });
    append("b");
    return true;
  });
  const seen: unknown[] = [];
  const { end } = consume(async ({ key, state }) => {
    if (key === "a") state.set("a", 1);
    else seen.push(await state.get("a"));
  });
  await until(() => consumer.settled.size === 1);
  await end();
  expect(seen).toEqual([undefined]);
});

test("a server that forgets to say that it has parked an event closes no key for ever", async () => {
  append("a");
  server.fault(SETTLEMENTS, ({ response }) => {
    json(response, 200, { settled: 1 });
    return true;
  });
  const { runs, end } = consume(() => runs.length === 1 && fail());
  await until(() => server.requests.some((it) => it.startsWith(SETTLEMENTS)));
  append("a", "b");
  await until(() => consumer.settled.size === 1);
  expect(runs).toEqual(["a1", "b3"]);
  const later = Date.now() + 3_600_000;
  const clock = vi.spyOn(Date, "now").mockImplementation(() => later);
  append("a");
  await until(allSettled);
  clock.mockRestore();
  await end();
  expect(consumer.epoch).toBe(2);
  expect(runs.slice(2)).toEqual(["a1", "a2", "a4"]);
});

test.each(["succeeds", "fails"])(
  "an event that was parked because it took too long, and then %s, leaves its key open",
  async (outcome) => {
    append("a", "a");
    let isParked = false;
    const { runs, end } = consume(async ({ offset, attempt }) => {
      if (offset > 1 || attempt > 1) return;
      consumer.park(1);
      isParked = true;
      await client.isProcessed("c", "t", 1);
      for (let i = 0; i < 20; i++) await turn();
      if (outcome === "fails") fail();
    });
    await until(() => isParked && sent().length > 0);
    expect(sent()[0]).toMatchObject({ offset: 1, attempt: 1, outcome: outcome === "fails" ? "retry" : "ack" });
    if (outcome === "fails") consumer.redrive();
    await until(allSettled);
    await end();
    expect(runs).toEqual(outcome === "fails" ? ["a1", "a1", "a2"] : ["a1", "a2"]);
  },
);

test("an event that was delivered again while it ran is not run twice when it succeeds", async () => {
  append("a", "a");
  const { runs, end } = consume(async ({ offset, attempt }) => {
    if (offset > 1 || attempt > 1) return;
    consumer.park(1);
    consumer.redrive();
    append("b");
    await until(() => runs.includes("b3"));
  });
  await until(allSettled);
  await end();
  expect(runs).toEqual(["a1", "b3", "a2"]);
});

test("an event without a key holds nothing up", async () => {
  append(undefined, undefined, "a");
  const { runs, end } = consume(({ offset, attempt }) => offset === 1 && attempt === 1 && fail());
  await until(() => consumer.settled.size === 2 && consumer.parking.size === 1);
  consumer.redrive();
  await until(allSettled);
  await end();
  expect(runs).toEqual(["-1", "-2", "a3", "-1"]);
});

test("where the order is the topic's, nothing passes a failing event", async () => {
  consumer.ordering = "topic";
  append("a", "b", undefined);
  const { runs, end } = consume(({ offset, attempt }) => offset === 1 && attempt < 3 && fail());
  for (let attempt = 1; attempt <= 2; attempt++) {
    await until(() => sent().length === attempt);
    expect(runs).toEqual(Array(attempt).fill("a1"));
    consumer.redrive();
  }
  await until(allSettled);
  await end();
  expect(runs).toEqual(["a1", "a1", "a1", "b2", "-3"]);
});

test("a failure whose notice went down with the connection: the key goes on from where the server says", async () => {
  append("a", "a");
  const settlements = hold();
  const { runs, end } = consume(({ offset }) => offset === 1 && runs.length === 1 && fail());
  await until(settlements.isHeld);
  consumer.breakOff();
  settlements.letThrough();
  await until(() => consumer.isConnected);
  consumer.redrive();
  await until(allSettled);
  await end();
  expect(consumer.epoch).toBe(1);
  expect(runs).toEqual(["a1", "a1", "a2"]);
});

test("what was thrown decides: retry, retry at a time, dead letter, or skip; written state goes with none of them", async () => {
  append("a", "b", "c", "d", "d");
  const errors: number[] = [];
  const cause = new RangeError("negative");
  const { runs, end } = consume(
    ({ key, offset, state }) => {
      state.set(`half/${key}`, 1);
      if (key === "a") throw new TypeError("odd");
      if (key === "b") throw new RetryLater(5_000, "the bank is closed", { cause });
      if (key === "c") throw new PermanentError("no such account", { cause });
      if (offset === 4) throw new SkipEvent("a test");
    },
    { onError: (_: unknown, context: EventContext) => errors.push(context.offset) },
  );
  await until(() => consumer.parking.size === 3 && consumer.settled.size === 2);
  await end();
  const byOffset = new Map(sent().map((it) => [it.offset, it]));
  expect(byOffset.get(1)).toMatchObject({ outcome: "retry", attempt: 1, error: { name: "TypeError", message: "odd" } });
  expect(byOffset.get(1)?.error?.stack).toContain("consume-failures.test.ts");
  expect(byOffset.get(2)).toMatchObject({ outcome: "retry", delayMs: 5_000, error: { name: "RetryLater" } });
  expect(byOffset.get(3)).toMatchObject({ outcome: "dead-letter", error: { name: "PermanentError" } });
  expect(byOffset.get(3)?.error?.stack).toContain("Caused by: RangeError: negative");
  expect(byOffset.get(4)).toMatchObject({ outcome: "skip", reason: "a test" });
  expect(errors).toEqual([1, 2, 3]);
  // A skipped event does not hold its key.
  expect(runs.at(-1)).toBe("d5");
  expect([...consumer.state.keys()]).toEqual(["half/d"]);
});

test("a handler knows which attempt it is, and what for", async () => {
  append("a");
  const seen: [number, string | null][] = [];
  const { end } = consume(({ attempt, operation }) => {
    seen.push([attempt, operation]);
    if (attempt === 1) throw new PermanentError("for now");
  });
  await until(() => consumer.parking.size === 1);
  consumer.redrive(true);
  await until(allSettled);
  await end();
  expect(seen).toEqual([
    [1, null],
    [2, "op-1"],
  ]);
});

test("whatever is thrown can be told: odd values, huge texts, rings of causes", async () => {
  const ring = new Error("x".repeat(10_000));
  ring.cause = ring;
  const thrown: unknown[] = ["text", null, { toString: fail }, ring, Object.assign(new Error("\ud83d"), { name: "" })];
  append(...thrown.map((_, i) => `k${i}`));
  const { end } = consume(({ offset }) => {
    throw thrown[offset - 1];
  });
  await until(() => consumer.parking.size === thrown.length);
  await end();
  const errors = sent().map((it) => it.error);
  expect(errors.map((it) => it?.name)).toEqual(["NonError", "NonError", "NonError", "Error", "Error"]);
  expect(errors[3]?.message).toHaveLength(4_000);
  expect(errors[4]?.message).toBe("\ufffd");
});

test("handlers that fail because they were told to end count as no failure; a verdict of theirs does", async () => {
  append("a", "b");
  const { runs, end } = consume(async ({ key }) => {
    await until(() => stop.signal.aborted);
    if (key === "a") fail();
    throw new PermanentError("known by now");
  });
  await until(() => runs.length === 2);
  await end();
  expect(sent()).toMatchObject([{ offset: 2, outcome: "dead-letter" }]);
});

test("a member hears of a pause, and of its end", async () => {
  const heard: (Pause | null)[] = [];
  const options = { onPause: (pause: Pause) => heard.push(pause), onResume: () => heard.push(null) };
  const { end } = consume(() => {}, options);
  await until(() => consumer.isConnected);
  const pause = { kind: "breaker", reason: "too many failures", until: null } as const;
  consumer.tell("paused", pause);
  consumer.tell("resumed", {});
  await until(() => heard.length === 2);
  await end();
  expect(heard).toEqual([pause, null]);
});

test("waiting for a consumer ends when it has settled the event, or when the time is over", async () => {
  append("a");
  expect(await client.isProcessed("c", "t", 1)).toBe(false);
  expect(await client.waitFor("c", "t", 1, { timeoutMs: 60 })).toBe(false);
  const waiting = client.waitFor("c", "t", 1);
  const { end } = consume(() => {});
  expect(await waiting).toBe(true);
  expect(await client.isProcessed("c", "t", 1)).toBe(true);
  await end();
});

test("whatever fails, is parked from elsewhere or breaks when: after a failure nothing later of its key starts before it succeeds", async () => {
  const plan = fc.record({
    keys: fc.array(fc.constantFrom("a", "b", "c", undefined), { minLength: 5, maxLength: 60 }),
    /** Which runs fail, in the order of their starts. */
    failures: fc.array(fc.boolean(), { maxLength: 40 }),
    turns: fc.array(fc.nat(4), { minLength: 1, maxLength: 20 }),
    events: fc.array(fc.constantFrom("park", "break", "redrive"), { maxLength: 12 }),
    concurrency: fc.integer({ min: 1, max: 8 }),
    ordering: fc.constantFrom("key" as const, "topic" as const),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ keys, failures, turns, events, concurrency, ordering }) => {
      consumer = server.consumer("c");
      consumer.ordering = ordering;
      append(...keys);
      const failed = new Map<string, Set<number>>();
      let started = 0;
      const handler = async ({ key, offset }: EventContext) => {
        const sequence = ordering === "topic" ? "*" : (key ?? `#${offset}`);
        const open = failed.get(sequence) ?? new Set<number>();
        failed.set(sequence, open);
        expect([...open].filter((at) => at < offset)).toEqual([]);
        const run = started++;
        for (let i = turns[run % turns.length] ?? 0; i > 0; i--) await turn();
        if (failures[run] === true) {
          open.add(offset);
          fail();
        }
        open.delete(offset);
      };
      const end = new AbortController();
      const faults: unknown[] = [];
      const done = client.consume("c", handler, {
        signal: end.signal,
        concurrency,
        onError: (error) => !(error instanceof Error && error.message === "broken") && faults.push(error),
      });
      for (const what of events) {
        for (let i = 0; i < 8; i++) await turn();
        if (what === "break") consumer.breakOff();
        else if (what === "redrive") consumer.redrive();
        else {
          const event = consumer.events[started % keys.length];
          const isFree = event !== undefined && !consumer.settled.has(event) && !consumer.parking.isBehind(event);
          if (isFree) consumer.park(Number(event.sequence));
        }
      }
      while (!allSettled() && faults.length === 0) {
        consumer.redrive();
        await turn();
      }
      end.abort();
      await done;
      // The next run begins with nothing.
      server.topics.clear();
      server.consumers.clear();
      expect(faults).toEqual([]);
    }),
    { numRuns: 50 },
  );
}, 60_000);
