import { expect, test } from "vitest";
import { StormWatch } from "./storm-breaker.ts";

const breaker = { windowMs: 1_000, minEvents: 10, failureShare: 0.5 };

test("breaks when the share of failures in the window passes the threshold, and not on a few events", () => {
  const watch = new StormWatch();
  expect(watch.count(breaker, 0, { settled: 0, failed: 9 })).toBeNull();
  expect(watch.count(breaker, 50, { settled: 9, failed: 0 })).toBeNull();
  expect(watch.count(breaker, 60, { settled: 0, failed: 1 })).toContain("10 of 19");
});

test("forgets what lies before the window", () => {
  const watch = new StormWatch();
  watch.count(breaker, 0, { settled: 0, failed: 9 });
  expect(watch.count(breaker, 1_500, { settled: 0, failed: 9 })).toBeNull();
  expect(watch.count(breaker, 1_600, { settled: 0, failed: 1 })).toContain("10 of 10");
});
