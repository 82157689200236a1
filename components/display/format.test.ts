import { expect, test } from "vitest";
import { formatBytes, formatCount, formatRate } from "./format-count.ts";
import { formatAgo, formatDateTime, formatDuration } from "./format-time.ts";

test("unknown is a dash and zero is 0", () => {
  expect([formatCount(null), formatCount(0)]).toEqual(["–", "0"]);
  expect([formatRate(undefined), formatRate(0)]).toEqual(["–", "0"]);
  expect([formatBytes(null), formatBytes(0)]).toEqual(["–", "0 B"]);
  expect([formatDuration(null), formatDuration(0)]).toEqual(["–", "0 s"]);
});

test("large numbers carry separators, sizes their unit", () => {
  expect(formatCount(12430)).toBe("12,430");
  expect(formatRate(9.27)).toBe("9.3");
  expect(formatRate(12_430.4)).toBe("12,430");
  expect(formatBytes(1_520_000)).toBe("1.5 MB");
  expect(formatBytes(183_000)).toBe("183 kB");
});

test("a length of time has one or two units", () => {
  expect([240, 4_250, 42_000, 190_000, 7_500_000, 273_600_000].map((ms) => formatDuration(ms))).toEqual([
    "240 ms",
    "4.2 s",
    "42 s",
    "3 min 10 s",
    "2 h 5 min",
    "3 d 4 h",
  ]);
  expect([200, 12_300, 241_000].map(formatAgo)).toEqual(["now", "12 s ago", "4 min ago"]);
});

test("absolute times keep their milliseconds", () => {
  expect(formatDateTime("2026-11-20T21:04:05.007Z", "utc")).toBe("2026-11-20 21:04:05.007");
  expect(formatDateTime("no time", "utc")).toBe("–");
});
