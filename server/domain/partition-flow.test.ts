import { describe, expect, it } from "vitest";
import { assumedFrom, noteOf } from "./noted-in-flight.ts";
import { OffsetRanges } from "./offset-ranges.ts";
import { type FlowStart, type Offer, type ParkedHead, PartitionFlow } from "./partition-flow.ts";

// Named cases; the model beside this file meets them, and all others, at random.

type Flow = PartitionFlow<string>;

function open(more: Partial<FlowStart> = {}): Flow {
  return new PartitionFlow({
    ordering: "key",
    isPipelined: false,
    cursor: { position: 0, settled: new OffsetRanges() },
    ...more,
  });
}

/** Offers the next event and delivers it where it may be. */
function take(flow: Flow, key: string | null): Offer {
  const event = { offset: flow.scanned + 1, key, type: "t" };
  const offer = flow.offer(event, `row ${event.offset}`);
  if (offer === "deliver") flow.deliver(event, event.offset);
  if (offer === "pass") flow.passTo(event.offset);
  return offer;
}

const head = (offset: number, more: Partial<ParkedHead> = {}): ParkedHead => ({
  offset,
  key: "k",
  attempt: 1,
  isDead: false,
  dueAt: 0,
  operationId: null,
  isReplay: false,
  lostAlone: null,
  ...more,
});
const event = (offset: number, key: string | null = "k") => ({ offset, key, type: "t" });
const ack = (offset: number) => ({ offset, outcome: "ack" as const });
const retry = (offset: number) => ({ offset, outcome: "retry" as const });
/** Settles one event as the database would. */
function settled(flow: Flow, offset: number): void {
  expect(flow.begin(ack(offset))).toBe("live");
  flow.commit(flow.pending()[0]?.[1] ?? 0);
}
const inFlight = (flow: Flow) => [...flow.inFlightDeliveries()].map((it) => it.offset);

describe("strict order", () => {
  it("has a later event of a key wait, and names it the moment the one before it is settled", () => {
    const flow = open();
    expect([take(flow, "k"), take(flow, "k"), take(flow, "other"), take(flow, null)]).toEqual([
      "deliver",
      "wait",
      "deliver",
      "deliver",
    ]);
    expect(flow.firstReady()).toBeUndefined();
    settled(flow, 1);
    expect(flow.firstReady()).toMatchObject({ offset: 2, row: "row 2" });
  });

  it("parks what has waited behind an event that failed", () => {
    const flow = open();
    expect([take(flow, "k"), take(flow, "k")]).toEqual(["deliver", "wait"]);
    expect(flow.begin(retry(1))).toBe("live");
    expect(flow.beginParking(10)).toMatchObject([{ offset: 2 }]);
    flow.commit(2);
    flow.setHead({ key: "k", offset: 1 }, head(1));
    expect(flow.firstReady()).toBeUndefined();
    expect(take(flow, "k")).toBe("park");
  });

  it("stops the scan where more would wait than may", () => {
    const flow = open({ maxHeldBack: 2 });
    expect(["k", "k", "k", "k"].map((key) => take(flow, key))).toEqual(["deliver", "wait", "wait", "full"]);
  });
});

describe("of one event in one group", () => {
  it.each([
    ["retry", "ack"],
    ["dead-letter", "ack"],
    ["skip", "ack"],
    ["ack", "retry"],
  ] as const)("the first outcome counts: %s, then %s", (first, second) => {
    const flow = open();
    take(flow, "k");
    expect(flow.begin({ offset: 1, outcome: first })).toBe("live");
    expect(flow.begin({ offset: 1, outcome: second })).toBe("superseded");
    expect(flow.begin({ offset: 1, outcome: first })).toBe("repeat");
  });

  it("the first outcome counts of a parked one as well", () => {
    const flow = open({ cursor: { position: 1, settled: new OffsetRanges() }, heads: [head(1)] });
    const [due] = flow.due(0, 1);
    if (due === undefined) throw new Error("nothing is due");
    expect(flow.deliverHead(due, 1)).toBe(true);
    expect([flow.begin(retry(1)), flow.begin(ack(1)), flow.begin(retry(1))]).toEqual(["head", "superseded", "repeat"]);
  });
});

describe("what was not delivered", () => {
  it("cannot be settled: neither what waits nor what the scan has not reached", () => {
    const flow = open();
    expect([take(flow, "k"), take(flow, "k")]).toEqual(["deliver", "wait"]);
    expect([1, 2, 3].map((it) => flow.mayHaveDelivered(it))).toEqual([true, false, false]);
    expect([flow.begin(ack(2)), flow.begin(ack(3))]).toEqual(["undelivered", "undelivered"]);
  });

  it("and is discarded is passed by, until an operator restores it", () => {
    const flow = open({ discardedAhead: [1, 2] });
    expect(take(flow, "k")).toBe("pass");
    flow.mirror([], []);
    expect(take(flow, "k")).toBe("deliver");
  });
});

describe("a parked head", () => {
  it("waits until the flow has passed it, and until nothing of its key is with the member", () => {
    const flow = open({ heads: [head(2)] });
    expect(flow.due(0, 10)).toEqual([]);
    expect([take(flow, "k"), take(flow, "k")]).toEqual(["deliver", "pass"]);
    expect(flow.due(0, 10)).toEqual([]);
    settled(flow, 1);
    expect(flow.due(0, 10)).toMatchObject([{ offset: 2 }]);
  });

  it("is delivered once, whatever operators and settlements do to others", () => {
    const flow = open({ cursor: { position: 2, settled: new OffsetRanges() }, heads: [head(1)] });
    for (const due of flow.due(0, 10)) expect(flow.deliverHead(due, 1)).toBe(true);
    flow.setHead({ key: "k", offset: 2 }, head(1));
    flow.mirror([head(1), head(2, { key: "other" })], []);
    expect(flow.due(0, 10)).toMatchObject([{ offset: 2 }]);
    expect(inFlight(flow)).toEqual([1]);
  });

  it("of a replay takes nothing from what is with the member: its failure is a failure, its ack an ack", () => {
    for (const outcome of ["ack", "retry", "dead-letter", "skip"] as const) {
      const flow = open();
      take(flow, "k");
      settled(flow, 1);
      take(flow, "k");
      flow.mirror([head(1, { isReplay: true, attempt: 0 })], []);
      expect(flow.due(0, 10)).toEqual([]);
      expect(flow.begin({ offset: 2, outcome })).toBe("live");
    }
  });
});

describe("a session that goes on at another instance", () => {
  const adopted = (more: Partial<FlowStart> = {}) => open({ assumed: assumedFrom(undefined, 10), ...more });

  it("may have been given what waited when its flow was noted", () => {
    const flow = open();
    expect([take(flow, "k"), take(flow, "k"), take(flow, "other")]).toEqual(["deliver", "wait", "deliver"]);
    const noted = noteOf(flow);
    expect(noted).toEqual({
      scanned: 1,
      ranges: [
        [1, 1],
        [3, 3],
      ],
    });
    settled(flow, 1);
    flow.deliverReady(4);
    const next = open({ cursor: { position: 1, settled: new OffsetRanges() }, assumed: assumedFrom(noted, 3) });
    expect(next.begin(ack(2))).toBe("assumed");
  });

  it("may answer to what it was given two instances before", () => {
    const second = adopted({
      heads: [head(1, { isReplay: true })],
      cursor: { position: 1, settled: new OffsetRanges() },
    });
    expect(take(second, "k")).toBe("park");
    const third = adopted({ assumed: assumedFrom(noteOf(second), 2) });
    expect(third.mayHaveDelivered(2)).toBe(true);
  });

  it("is not given an event whose settlement is being written", () => {
    const flow = adopted();
    expect(flow.begin(ack(1))).toBe("assumed");
    expect(take(flow, null)).toBe("full");
    flow.passBy(1);
    flow.commit(0);
    expect(take(flow, null)).toBe("pass");
  });

  it("is given what waits in its turn, where its late settlement was refused", () => {
    const flow = adopted();
    expect([take(flow, "k"), take(flow, "k")]).toEqual(["deliver", "wait"]);
    expect(flow.begin(ack(2))).toBe("live");
    flow.rollBack();
    expect([flow.inFlight, flow.waiting]).toEqual([1, 1]);
    settled(flow, 1);
    expect(flow.firstReady()).toMatchObject({ offset: 2 });
  });

  it("is given no parked event before one of its key that has to be parked ahead of it", () => {
    // 3 was in flight there beside the replay of 2, and 4 was parked behind that.
    const cursor = { position: 2, settled: new OffsetRanges([[4, 4]]) };
    const flow = adopted({ cursor, heads: [head(2, { isReplay: true })] });
    expect([take(flow, "k"), take(flow, "k")]).toEqual(["park", "pass"]);
    flow.setHead({ key: "k", offset: 2 }, head(4));
    expect(flow.due(0, 10)).toEqual([]);
    expect(flow.beginParking(10)).toMatchObject([{ offset: 3 }]);
    flow.commit(4);
    flow.setHead({ key: "k", offset: 3 }, head(3, { attempt: 0 }));
    expect(flow.due(0, 10)).toMatchObject([{ offset: 3 }]);
  });

  it("is not given again what was settled there late, though nobody heard that it was written", () => {
    const flow = adopted({ ordering: "topic" });
    take(flow, null);
    expect([flow.begin(ack(2)), flow.begin(retry(1))]).toEqual(["assumed", "live"]);
    flow.rollBack();
    const parked = { heads: [head(1, { key: null })], discardedAhead: [] };
    expect(flow.reconcile({ position: 2, settled: new OffsetRanges() }, parked)).toMatchObject([{ offset: 1 }]);
    flow.setHead({ key: null, offset: 1 }, null);
    expect(take(flow, null)).toBe("pass");
  });
});

it("a head in flight stays in flight, and is not due again, when a later event is parked behind it", () => {
  const flow = open({ heads: [head(1)] });
  expect(flow.offer(event(1), "")).toBe("pass");
  const [due] = flow.due(0, 10);
  expect(due !== undefined && flow.deliverHead(due, 1)).toBe(true);
  expect(flow.offer(event(2), "")).toBe("park");
  expect(flow.beginParking(10).map((it) => it.offset)).toEqual([2]);
  flow.commit(2);
  flow.setHead({ key: "k", offset: 2 }, head(1));
  expect([flow.inFlight, flow.numberOf(1), flow.due(1_000, 10)]).toEqual([1, 1, []]);
});

it("a head in flight stays that when all heads are read anew, unless its row has changed", () => {
  const flow = open({ heads: [head(1)] });
  flow.passTo(1);
  const [due] = flow.due(0, 10);
  if (due !== undefined) flow.deliverHead(due, 1);
  flow.mirror([head(1)], []);
  expect([flow.inFlight, flow.due(1_000, 10)]).toEqual([1, []]);
  flow.mirror([{ ...head(1), attempt: 2 }], []);
  expect([flow.inFlight, flow.due(1_000, 10).map((it) => it.attempt)]).toEqual([0, [2]]);
});

it("a discarded event ahead of the position is passed by, and so is one that was settled out of order", () => {
  const flow = open({ cursor: { position: 0, settled: new OffsetRanges([[2, 2]]) }, discardedAhead: [1] });
  expect([flow.offer(event(1), ""), flow.offer(event(2), ""), flow.offer(event(3), "")]).toEqual([
    "pass",
    "pass",
    "deliver",
  ]);
});

it("a head waits for an event before it that runs again after a move back and is on its way to the parked ones", () => {
  const flow = open({ cursor: { position: 1, settled: new OffsetRanges() }, heads: [head(1)] });
  expect(flow.offer(event(2), "")).toBe("park");
  flow.passTo(3);
  // The first was discarded, and 3 had been parked behind it before the position was moved back.
  flow.mirror([head(3)], []);
  expect(flow.due(1_000, 10)).toEqual([]);
  expect(flow.beginParking(10).map((it) => it.offset)).toEqual([2]);
  flow.commit(3);
  flow.setHead({ key: "k", offset: 2 }, head(2));
  expect(flow.due(1_000, 10)).toEqual([head(2)]);
});
