import { expect, it } from "vitest";
import type { SubscriptionFacts } from "../../domain/figures.ts";
import { type CountMatching, MatchingLags } from "./matching-lags.ts";

function subscription(consumer: string, more: Partial<SubscriptionFacts> = {}): SubscriptionFacts {
  return {
    consumer,
    topic: "orders",
    lag: 100,
    lagSeconds: 1,
    settled: 0,
    failed: 0,
    position: 7,
    isFiltered: true,
    filter: { types: ["paid"], keys: null, keyPrefix: null },
    ...more,
  };
}

const ALL = ["a", "b", "c", "d", "e"].map((it) => subscription(it));

/** A counter that takes ten milliseconds for each consumer. */
function slowly(counts: (consumer: string) => number) {
  const asked: string[] = [];
  let clock = 0;
  const count: CountMatching = async (consumer) => {
    asked.push(consumer);
    clock += 10;
    return new Map([["orders", { count: counts(consumer) }]]);
  };
  return { count, asked, now: () => clock };
}

it("asks for the filter and the position of those alone that are filtered and lag", async () => {
  const asked: unknown[] = [];
  const lags = new MatchingLags(async (consumer, places) => {
    asked.push([consumer, ...places]);
    return new Map([["orders", { count: 3 }]]);
  });
  const free = subscription("free", { isFiltered: false, filter: null });
  const settled = subscription("settled", { lag: 0, filter: null });
  const lagging = subscription("lagging", { filter: { types: null, keys: ["k"], keyPrefix: null } });
  await lags.count([free, settled, lagging]);
  expect(asked).toEqual([["lagging", { topic: "orders", position: 7, keys: ["k"] }]]);
  expect([free, settled, lagging].map((it) => lags.of(it))).toEqual([undefined, undefined, 3]);
});

it("ends a round when its time is up and goes on there in the next, so that all have their turn", async () => {
  const { count, asked, now } = slowly(() => 1);
  const lags = new MatchingLags(count, { withinMs: 20, now });
  await lags.count(ALL);
  expect(asked).toEqual(["a", "b"]);
  expect(ALL.map((it) => lags.of(it))).toEqual([1, 1, undefined, undefined, undefined]);
  await lags.count(ALL);
  await lags.count(ALL);
  expect(asked).toEqual(["a", "b", "c", "d", "e", "a"]);
});

it("counts nobody twice in one round", async () => {
  const { count, asked, now } = slowly(() => 1);
  const lags = new MatchingLags(count, { withinMs: 1_000, now });
  await lags.count(ALL);
  expect(asked).toEqual(["a", "b", "c", "d", "e"]);
});

it("tells no count that is more than the lag, and forgets those that are gone", async () => {
  const { count, now } = slowly(() => 50);
  const lags = new MatchingLags(count, { withinMs: 10, now });
  const [a, b] = [subscription("a", { lag: 60 }), subscription("b", { lag: 40 })];
  await lags.count([a, b]);
  const nearer = subscription("a", { lag: 20 });
  await lags.count([nearer, b]);
  expect([lags.of(nearer), lags.of(b)]).toEqual([20, 40]);
  await lags.count([b]);
  expect(lags.of(a)).toBeUndefined();
});
