import { expect, test } from "vitest";
import { applyChanges, CONSUMER_DEFAULTS, type ConsumerSettings, changedSettings } from "./consumer-settings.ts";

const orders = {
  topic: "orders",
  types: ["paid"],
  keys: ["a"],
  keyPrefix: null,
  liveOnly: ["mail"],
  start: "latest",
} as const;
const before: ConsumerSettings = {
  topics: [orders, { ...orders, topic: "refunds" }],
  partitions: 4,
  ordering: "topic",
  retry: { maxAttempts: 20, backoff: { delaysMs: [5] }, permanentErrors: ["Gone"] },
  breaker: null,
  maxInFlight: 7,
  ackTimeoutMs: 600_000,
  reconnectGraceMs: 0,
};

test("what is not named stays as it is", () => {
  expect(applyChanges(before, {})).toEqual(before);
  expect(applyChanges(before, { partitions: 2, retry: { maxAttempts: 3 } })).toEqual({
    ...before,
    partitions: 2,
    retry: { ...before.retry, maxAttempts: 3 },
  });
});

test("null puts a default back, of the whole or of one part", () => {
  const { topics: _, ...defaults } = CONSUMER_DEFAULTS;
  expect(
    applyChanges(before, {
      partitions: null,
      ordering: null,
      retry: null,
      maxInFlight: null,
      ackTimeoutMs: null,
      reconnectGraceMs: null,
    }),
  ).toEqual({ ...defaults, topics: before.topics, breaker: null });
  expect(applyChanges(before, { retry: { backoff: null } }).retry).toEqual({
    ...before.retry,
    backoff: CONSUMER_DEFAULTS.retry.backoff,
  });
});

test("a breaker is off with null, and is on with its defaults when a part of it is named", () => {
  expect(applyChanges(CONSUMER_DEFAULTS, { breaker: null }).breaker).toBeNull();
  expect(applyChanges(before, { breaker: { windowMs: 5_000 } }).breaker).toEqual({
    ...CONSUMER_DEFAULTS.breaker,
    windowMs: 5_000,
  });
});

test("topics, when named, are all of them; each keeps what is not named of it", () => {
  expect(applyChanges(before, { topics: [{ topic: "orders" }, { topic: "new" }] }).topics).toEqual([
    orders,
    { topic: "new", types: null, keys: null, keyPrefix: null, liveOnly: null, start: "earliest" },
  ]);
  expect(applyChanges(before, { topics: [{ topic: "orders", types: null, liveOnly: ["x"] }] }).topics).toEqual([
    { ...orders, types: null, liveOnly: ["x"] },
  ]);
});

test("keys and a prefix of keys take each other's place", () => {
  const [prefixed] = applyChanges(before, { topics: [{ topic: "orders", keyPrefix: "b-" }] }).topics;
  expect(prefixed).toMatchObject({ keys: null, keyPrefix: "b-" });
  const after = applyChanges(
    { ...before, topics: prefixed === undefined ? [] : [prefixed] },
    {
      topics: [{ topic: "orders", keys: ["c"] }],
    },
  );
  expect(after.topics).toMatchObject([{ keys: ["c"], keyPrefix: null }]);
});

test("says which settings are another, whatever the order of topics and members", () => {
  expect(changedSettings(before, { ...before, topics: [...before.topics].reverse() })).toEqual([]);
  expect(
    changedSettings(before, { ...before, retry: { ...before.retry, permanentErrors: [] }, breaker: null }),
  ).toEqual(["retry"]);
  expect(changedSettings(before, { ...before, topics: [orders], partitions: 1 })).toEqual(["topics", "partitions"]);
});
