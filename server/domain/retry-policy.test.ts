import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RetryPolicy } from "../contract/consumers.ts";
import { backoffDelayMs, decideFailure } from "./retry-policy.ts";

const policy: RetryPolicy = {
  maxAttempts: 3,
  backoff: { initialMs: 100, factor: 2, maxMs: 250, jitter: 0 },
  permanentErrors: ["ValidationError"],
};

describe("retry policy", () => {
  it("waits longer after each attempt, up to the cap", () => {
    expect([1, 2, 3, 9].map((attempt) => backoffDelayMs(policy.backoff, attempt, 0.5))).toEqual([100, 200, 250, 250]);
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
          const backoff = { initialMs: 10, factor: 3, maxMs: 1000, jitter: 0.5 };
          const delay = backoffDelayMs(backoff, attempt, random);
          expect(delay).toBeLessThanOrEqual(1000);
          expect(delay).toBeGreaterThanOrEqual(5);
        },
      ),
    );
  });

  it("gives up after the last attempt and at once for a permanent error", () => {
    const failure = { attempt: 1, errorName: "TimeoutError", random: 0 };
    expect(decideFailure(policy, failure)).toEqual({ kind: "retrying", delayMs: 100 });
    expect(decideFailure(policy, { ...failure, attempt: 3 })).toEqual({ kind: "dead", why: "attempts exhausted" });
    expect(decideFailure(policy, { ...failure, errorName: "ValidationError" })).toEqual({
      kind: "dead",
      why: "permanent error",
    });
  });

  it("takes the member's own delay before the policy's", () => {
    const outcome = decideFailure(policy, { attempt: 1, errorName: "Busy", delayMs: 7, random: 0.9 });
    expect(outcome).toEqual({ kind: "retrying", delayMs: 7 });
  });
});
