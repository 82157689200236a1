import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type ConsumerFacts,
  consumerStatus,
  LAGGING_AFTER_MS,
  type ParkedHeadFacts,
  STALLED_AFTER_MS,
  type TopicFacts,
} from "./consumer-status.ts";

const topic: TopicFacts = { topic: "orders", lag: 0, lagMs: 0, stillMs: 5_000 };
const quiet: ConsumerFacts = {
  pause: null,
  failing: null,
  ordering: "key",
  ackTimeoutMs: 30_000,
  members: 2,
  connectedMs: 3_600_000,
  topics: [topic],
  parked: { retrying: 0, dead: 0, blocked: 0 },
  deadWithKey: 0,
  head: null,
};
const head: ParkedHeadFacts = {
  topic: "orders",
  offset: 77,
  key: "acct-91",
  isDead: false,
  attempt: 3,
  attemptsMax: 5,
  dueInMs: 40_000,
  errorName: "CardDeclined",
  behind: 212,
};
const pause = { kind: "operator", by: "person:ann@example.com", reason: "maintenance", until: null } as const;

const status = (facts: Partial<ConsumerFacts>) => consumerStatus({ ...quiet, ...facts });

test("a consumer with members and nothing to do is healthy", () => {
  expect(status({})).toEqual({ status: "healthy", why: "everything is settled" });
});

test("with as many failures as a member may hold it is blocked, whatever else holds", () => {
  const facts = {
    parked: { retrying: 1, dead: 100_001, blocked: 7 },
    head,
    topics: [{ ...topic, lag: 9, lagMs: 1e9 }],
  };
  expect(status(facts)).toEqual({
    status: "blocked",
    why: "100,002 events have failed: a member with 100,000 of them is given nothing new until some are redriven or discarded",
  });
});

test("a consumer that is a little behind is healthy, and says by how much", () => {
  const facts = { topics: [{ ...topic, lag: 3, lagMs: LAGGING_AFTER_MS }] };
  expect(status(facts)).toEqual({ status: "healthy", why: "3 events wait, the oldest for 10 s" });
});

test("an event that waits for longer than the bound makes it lag", () => {
  const facts = { topics: [topic, { ...topic, lag: 1_204, lagMs: LAGGING_AFTER_MS + 1 }] };
  expect(status(facts)).toEqual({ status: "lagging", why: "1,204 events wait, the oldest for 10 s" });
});

test("with no member and nothing that waits it is idle", () => {
  expect(status({ members: 0, connectedMs: 0 })).toEqual({
    status: "idle",
    why: "no member is connected and nothing waits",
  });
});

test("idle tells of what is parked and holds nothing up", () => {
  const facts = { members: 0, parked: { retrying: 1, dead: 2, blocked: 0 } };
  expect(status(facts).why).toBe("no member is connected; 1 event will be tried again, 2 dead letters are left");
});

test("a member that is away for a moment is no stall", () => {
  const facts = { members: 0, connectedMs: 0, topics: [{ ...topic, lag: 1, lagMs: 2_000 }] };
  expect(status(facts)).toEqual({ status: "healthy", why: "no member is connected; 1 event has waited for 2 s" });
});

test("events that wait without any member are a stall", () => {
  const facts = { members: 0, connectedMs: 0, topics: [{ ...topic, lag: 1_204, lagMs: 720_000 }] };
  expect(status(facts)).toEqual({
    status: "stalled",
    why: "no member is connected; 1,204 events wait, the oldest for 12 min",
  });
});

test("members that settle nothing for a minute while events wait are a stall", () => {
  const still = { ...topic, lag: 9, lagMs: 300_000, stillMs: STALLED_AFTER_MS + 60_001 };
  expect(status({ topics: [topic, still] })).toEqual({
    status: "stalled",
    why: "2 members are connected but nothing of orders was settled for 2 min; 9 events wait",
  });
});

test.each([
  ["something was settled lately", { stillMs: STALLED_AFTER_MS }, {}],
  ["the events came lately", { lagMs: STALLED_AFTER_MS }, {}],
  ["its members came lately", {}, { connectedMs: STALLED_AFTER_MS }],
  ["a handler may still be within its ack timeout", {}, { ackTimeoutMs: 900_000 }],
  ["nothing waits", { lag: 0, lagMs: 0 }, {}],
])("it is no stall when %s", (_, ofTopic, facts) => {
  const still = { ...topic, lag: 9, lagMs: 300_000, stillMs: 300_000, ...ofTopic };
  expect(status({ topics: [still], ...facts }).status).not.toBe("stalled");
});

test("events behind a parked one make it blocked, and the sentence names the key", () => {
  expect(status({ parked: { retrying: 1, dead: 0, blocked: 212 }, head })).toEqual({
    status: "blocked",
    why: "held up by key acct-91: attempt 3 of 5, next in 40 s; 212 events wait behind it",
  });
});

test("a dead letter holds its key though nothing waits behind it yet", () => {
  const dead = { ...head, isDead: true, attempt: 5, behind: 0 };
  expect(status({ parked: { retrying: 0, dead: 3, blocked: 0 }, deadWithKey: 2, head: dead })).toEqual({
    status: "blocked",
    why: "held up by key acct-91: a dead letter after 5 attempts (CardDeclined); nothing waits behind it yet, and 2 more have failed",
  });
});

test("what is parked without holding anything up leaves it healthy", () => {
  const loose = { ...head, key: null, behind: 0 };
  expect(status({ parked: { retrying: 1, dead: 1, blocked: 0 }, head: loose })).toEqual({
    status: "healthy",
    why: "everything is settled; 1 event will be tried again, 1 dead letter is left",
  });
});

test("ordered by topic, a parked event blocks whatever its key, and all that lags waits behind it", () => {
  const facts = {
    ordering: "topic",
    head: { ...head, attempt: 1, dueInMs: -5, behind: 0 },
    parked: { retrying: 1, dead: 0, blocked: 0 },
    topics: [{ ...topic, lag: 40, lagMs: 300_000, stillMs: 300_000 }],
  } as const;
  expect(status(facts)).toEqual({
    status: "blocked",
    why: "held up by event 77 of orders: attempt 1 of 5, next now; 40 events wait behind it",
  });
});

test("a pause tells who, until when and why", () => {
  expect(status({ pause })).toEqual({ status: "paused", why: "paused by person:ann@example.com: maintenance" });
  expect(status({ pause: { ...pause, until: "2026-11-21T02:00:00.000Z" } }).why).toBe(
    "paused by person:ann@example.com until 2026-11-21T02:00:00.000Z: maintenance",
  );
});

const failing = {
  since: "2026-11-21T01:00:00.000Z",
  error: { name: "Timeout", message: "the ledger does not answer" },
  nextProbeAt: "2026-11-21T01:05:00.000Z",
};

test("an open breaker makes it failing, since when and with which error", () => {
  const stalled = { ...topic, lag: 9, lagMs: 300_000, stillMs: 300_000 };
  expect(status({ failing, topics: [stalled], parked: { retrying: 3, dead: 0, blocked: 9 }, head })).toEqual({
    status: "failing",
    why: "(nearly) every delivery has failed since 2026-11-21T01:00:00.000Z with Timeout: the ledger does not answer; one delivery is tried at 2026-11-21T01:05:00.000Z",
  });
  expect(status({ failing: { ...failing, error: null, nextProbeAt: null } }).why).toBe(
    "(nearly) every delivery has failed since 2026-11-21T01:00:00.000Z; one delivery is being tried",
  );
  const long = { ...failing, error: { name: "Timeout", message: "x".repeat(5_000) } };
  expect(status({ failing: long }).why.length).toBeLessThan(400);
});

test("an operator's pause stays an operator's while the breaker is open", () => {
  expect(status({ failing, pause })).toEqual({
    status: "paused",
    why: "paused by person:ann@example.com: maintenance",
  });
});

test("an event out of attempts halts", () => {
  const facts = { pause: { ...pause, kind: "halted", reason: "event 7 of orders is out of attempts" } } as const;
  expect(status(facts)).toEqual({ status: "halted", why: "halted: event 7 of orders is out of attempts" });
});

const count = fc.integer({ min: 0, max: 2_000 });
const ms = fc.integer({ min: 0, max: 10_000_000 });
const anyFacts: fc.Arbitrary<ConsumerFacts> = fc.record({
  pause: fc.option(fc.constantFrom(pause, { ...pause, kind: "halted" as const })),
  failing: fc.option(fc.constant(failing)),
  ordering: fc.constantFrom("key", "topic"),
  ackTimeoutMs: ms,
  members: fc.integer({ min: 0, max: 3 }),
  connectedMs: ms,
  topics: fc.array(fc.record({ topic: fc.constant("orders"), lag: count, lagMs: ms, stillMs: ms }), { maxLength: 3 }),
  parked: fc.record({ retrying: count, dead: count, blocked: count }),
  deadWithKey: count,
  head: fc.option(fc.record({ ...mapConstants(head), behind: count, isDead: fc.boolean() })),
});

function mapConstants(of: ParkedHeadFacts) {
  return {
    topic: fc.constant(of.topic),
    offset: fc.constant(of.offset),
    key: fc.constantFrom(of.key, null),
    isDead: fc.boolean(),
    attempt: fc.constant(of.attempt),
    attemptsMax: fc.constant(of.attemptsMax),
    dueInMs: fc.integer({ min: -1_000, max: 100_000 }),
    errorName: fc.constantFrom(of.errorName, null),
    behind: fc.constant(of.behind),
  };
}

test("whatever is measured, one status and one line follow", () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const { status: name, why } = consumerStatus(facts);
      expect(why).toMatch(/^[^\n]{5,400}$/);
      expect(why).not.toMatch(/NaN|undefined|null/);
      expect(name === "paused" || name === "halted").toBe(facts.pause !== null);
      if (name === "idle") expect(facts.members + facts.topics.reduce((sum, it) => sum + it.lag, 0)).toBe(0);
      if (name === "blocked") expect(facts.head).not.toBeNull();
    }),
  );
});
