import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffDelayMs, type RetryRules, retryDelayMs } from "./retry-policy.ts";

const rules: RetryRules = {
  maxAttempts: 3,
  backoff: { initialMs: 100, factor: 2, maxMs: 250, jitter: 0 },
  permanentErrors: ["ValidationError"],
};
const failure = { attempt: 1, attemptsMax: 3, errorName: "TimeoutError", delayMs: null, random: 0 };

describe("retry policy", () => {
  it("waits longer after each attempt, up to the cap", () => {
    expect([1, 2, 3, 9].map((attempt) => backoffDelayMs(rules.backoff, attempt, 0.5))).toEqual([100, 200, 250, 250]);
  });

  it("follows a list of delays and stays at its last", () => {
    const backoff = { delaysMs: [5, 50] };
    expect([1, 2, 3].map((attempt) => backoffDelayMs(backoff, attempt, 0))).toEqual([5, 50, 50]);
  });

  it("never waits longer than the cap nor less than the cap without its jitter, whatever the attempt", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const delay = backoffDelayMs({ initialMs: 10, factor: 3, maxMs: 1000, jitter: 0.5 }, attempt, random);
          expect(delay).toBeLessThanOrEqual(1000);
          expect(delay).toBeGreaterThanOrEqual(5);
        },
      ),
    );
  });

  it("gives up after the last attempt and at once for a permanent error", () => {
    expect(retryDelayMs(rules, failure)).toBe(100);
    expect(retryDelayMs(rules, { ...failure, attempt: 3 })).toBeNull();
    expect(retryDelayMs(rules, { ...failure, attempt: 3, attemptsMax: 4 })).toBe(250);
    expect(retryDelayMs(rules, { ...failure, errorName: "ValidationError" })).toBeNull();
  });

  it("takes the member's own delay before the policy's, but never past the last attempt", () => {
    expect(retryDelayMs(rules, { ...failure, delayMs: 7, random: 0.9 })).toBe(7);
    expect(retryDelayMs(rules, { ...failure, delayMs: 7, attempt: 3 })).toBeNull();
  });
});
