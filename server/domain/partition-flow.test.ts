import { expect, it } from "vitest";
import { OffsetRanges } from "./offset-ranges.ts";
import { type FlowStart, type ParkedHead, PartitionFlow } from "./partition-flow.ts";

// What random runs cannot see from outside (partition-flow-model.test.ts), told by example.
const open = (start: Partial<FlowStart> = {}) =>
  new PartitionFlow<string>({
    ordering: "key",
    isPipelined: false,
    cursor: { position: 0, settled: new OffsetRanges() },
    ...start,
  });
const event = (offset: number, key: string | null = "k") => ({ offset, key, type: "paid" });
const head = (offset: number): ParkedHead => ({
  offset,
  key: "k",
  attempt: 1,
  isDead: false,
  dueAt: 0,
  operationId: null,
  isReplay: false,
  lostAlone: null,
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
