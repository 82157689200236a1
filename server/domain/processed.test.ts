import { describe, expect, test } from "vitest";
import { OffsetRanges } from "./offset-ranges.ts";
import { partitionOf } from "./partition-of.ts";
import { isPassed, type ProcessedFacts } from "./processed.ts";

const event = { key: "acct-91", offset: 10 };
const own = partitionOf(event, 4);
const other = (own + 1) % 4;
const facts: ProcessedFacts = {
  offset: event.offset,
  partitions: 4,
  key: event.key,
  covering: [own],
  priorLayouts: [],
  parked: "no",
  isExpired: false,
};
const prior = (position: number) => ({
  topicId: 1,
  layout: 1,
  partitions: 1,
  cursors: new Map([[0, { position, settled: new OffsetRanges([[12, 12]]) }]]),
  endsAt: 12,
});

describe("an event is processed", () => {
  test("when the cursor of its own partition covers it, and by no other's", () => {
    expect(isPassed(facts)).toBe(true);
    expect(isPassed({ ...facts, covering: [other] })).toBe(false);
  });

  test("when an earlier layout had settled it", () => {
    expect(isPassed({ ...facts, covering: [], priorLayouts: [prior(10)] })).toBe(true);
    expect(isPassed({ ...facts, covering: [], priorLayouts: [prior(9)] })).toBe(false);
    expect(isPassed({ ...facts, offset: 12, covering: [], priorLayouts: [prior(9)] })).toBe(true);
  });

  test("while it is replayed, until that fails", () => {
    expect(isPassed({ ...facts, parked: "rerun" })).toBe(true);
    expect(isPassed({ ...facts, parked: "yes" })).toBe(false);
    expect(isPassed({ ...facts, parked: "rerun", covering: [] })).toBe(false);
  });

  test("of one that is gone only when every partition has passed it, and not when it expired", () => {
    expect(isPassed({ ...facts, key: undefined, covering: [0, 1, 2] })).toBe(false);
    expect(isPassed({ ...facts, key: undefined, covering: [0, 1, 2, 3] })).toBe(true);
    expect(isPassed({ ...facts, key: undefined, covering: [0, 1, 2, 3], isExpired: true })).toBe(false);
  });
});
