import fc from "fast-check";
import { expect, test } from "vitest";
import { type Breaker, BreakerWindow, probeDelayMs, tripText } from "./breaker.ts";

const breaker: Breaker = {
  failureShare: 0.5,
  minSettlements: 10,
  windowMs: 1_000,
  probeMinMs: 5_000,
  probeMaxMs: 300_000,
};

test("opens when the share of failures in the window reaches the threshold, and not on a few settlements", () => {
  const window = new BreakerWindow();
  expect(window.count(breaker, 0, { settled: 0, failed: 9 })).toBeNull();
  expect(window.count(breaker, 50, { settled: 9, failed: 0 })).toBeNull();
  expect(window.count(breaker, 60, { settled: 0, failed: 1 })).toEqual({ failed: 10, all: 19 });
});

test("stays closed just below the threshold and opens right at it", () => {
  const nearly = new BreakerWindow();
  expect(nearly.count({ ...breaker, failureShare: 0.9 }, 0, { settled: 3, failed: 17 })).toBeNull();
  const just = new BreakerWindow();
  expect(just.count({ ...breaker, failureShare: 0.9 }, 0, { settled: 2, failed: 18 })).toEqual({ failed: 18, all: 20 });
});

test("forgets what lies before the window", () => {
  const window = new BreakerWindow();
  window.count(breaker, 0, { settled: 0, failed: 9 });
  expect(window.count(breaker, 1_500, { settled: 0, failed: 9 })).toBeNull();
  expect(window.count(breaker, 1_600, { settled: 0, failed: 1 })).toEqual({ failed: 10, all: 10 });
});

test("counts anew once it has opened, and when it is told to forget", () => {
  const window = new BreakerWindow();
  expect(window.count(breaker, 0, { settled: 0, failed: 10 })).not.toBeNull();
  expect(window.count(breaker, 1, { settled: 0, failed: 9 })).toBeNull();
  window.clear();
  expect(window.count(breaker, 2, { settled: 0, failed: 9 })).toBeNull();
});

test("is never opened by a success, even when it is older successes that leave the window", () => {
  const window = new BreakerWindow();
  window.count(breaker, 0, { settled: 12, failed: 0 });
  window.count(breaker, 500, { settled: 0, failed: 10 });
  expect(window.count(breaker, 1_100, { settled: 1, failed: 0 })).toBeNull();
});

test("says what opened it", () => {
  expect(tripText({ failed: 19, all: 20 }, { ...breaker, windowMs: 30_000 })).toBe(
    "breaker: 19 of 20 deliveries failed within 30 s (95 %)",
  );
});

test("tries one delivery at intervals that double from the first to the longest, and never shrink", () => {
  expect([0, 1, 2, 3, 5, 6, 7].map((it) => probeDelayMs(breaker, it))).toEqual([
    5_000, 10_000, 20_000, 40_000, 160_000, 300_000, 300_000,
  ]);
  fc.assert(
    fc.property(fc.nat(100), (probes) => {
      const wait = probeDelayMs(breaker, probes);
      expect(wait).toBeGreaterThanOrEqual(breaker.probeMinMs);
      expect(wait).toBeLessThanOrEqual(breaker.probeMaxMs);
      expect(probeDelayMs(breaker, probes + 1)).toBeGreaterThanOrEqual(wait);
    }),
    { seed: 12 },
  );
});
