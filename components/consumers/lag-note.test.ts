import { expect, test } from "vitest";
import { lagNote } from "./lag-note.ts";

const place = {
  topic: "orders",
  position: 0,
  head: 9,
  lag: 9,
  lagMs: 0,
  partitions: [],
  start: "earliest",
  holdsUp: null,
} as const;
const noteOf = (...topics: { lag: number; matching?: { count: number; isExact: boolean } }[]) =>
  lagNote({ topics: topics.map((it) => ({ ...place, partitions: [], ...it })) });

test("how many events of the lag pass the filters, all topics together", () => {
  expect(noteOf({ lag: 5_000, matching: { count: 12, isExact: true } }, { lag: 3 })).toBe("15 pass the filter");
  expect(noteOf({ lag: 50_000, matching: { count: 10_000, isExact: false } })).toBe("≥ 10,000 pass the filter");
});

test("without a filter, or without a lag, there is nothing to tell apart", () => {
  expect(noteOf({ lag: 3 })).toBe("events not settled");
  expect(noteOf({ lag: 0, matching: { count: 0, isExact: true } })).toBe("events not settled");
  expect(lagNote(undefined)).toBe("events not settled");
});
