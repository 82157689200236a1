import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PaceFacts, paceOf } from "./operation-pace.ts";

const facts: PaceFacts = {
  rate: null,
  canary: false,
  done: 0,
  ok: 0,
  failed: 0,
  stopAfterFailures: null,
  outstanding: 0,
  elapsedMs: 250,
  carried: 0,
};

describe("the pace of an operation", () => {
  it("without a rate is bounded by what is under way", () => {
    expect(paceOf(facts)).toMatchObject({ count: 500 });
    expect(paceOf({ ...facts, outstanding: 450 })).toMatchObject({ count: 50 });
    expect(paceOf({ ...facts, outstanding: 900 })).toMatchObject({ count: 0 });
  });

  it("sends a canary first, waits for its outcome, and stops when it fails", () => {
    const canary = { ...facts, canary: true };
    expect(paceOf(canary)).toMatchObject({ count: 1 });
    expect(paceOf({ ...canary, done: 1, outstanding: 1 })).toMatchObject({ count: 0 });
    expect(paceOf({ ...canary, done: 1, ok: 1 })).toMatchObject({ count: 500 });
    expect(paceOf({ ...canary, done: 1, failed: 1 })).toMatchObject({ kind: "stop" });
  });

  it("sends another canary when the first one was taken away", () => {
    expect(paceOf({ ...facts, canary: true, done: 1, outstanding: 0 })).toMatchObject({ count: 1 });
  });

  it("stops by itself after so many failures", () => {
    expect(paceOf({ ...facts, stopAfterFailures: 3, failed: 2 })).toMatchObject({ kind: "go" });
    expect(paceOf({ ...facts, stopAfterFailures: 3, failed: 3 })).toMatchObject({ kind: "stop" });
  });

  it("has never more under way than may still fail", () => {
    const bounded = { ...facts, stopAfterFailures: 5 };
    expect(paceOf(bounded)).toMatchObject({ count: 5 });
    expect(paceOf({ ...bounded, done: 9, ok: 4, failed: 2, outstanding: 3 })).toMatchObject({ count: 0 });
    expect(paceOf({ ...bounded, done: 9, ok: 5, failed: 2, outstanding: 2 })).toMatchObject({ count: 1 });
    expect(paceOf({ ...bounded, stopAfterFailures: 4_000 })).toMatchObject({ count: 500 });
  });

  it("never takes up more than its rate allows, however often it is asked", () => {
    const step = fc.integer({ min: 1, max: 3_000 });
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 1_000, noNaN: true }),
        fc.array(step, { maxLength: 50 }),
        (rate, steps) => {
          let carried = 0;
          let taken = 0;
          let elapsed = 0;
          for (const elapsedMs of steps) {
            const pace = paceOf({ ...facts, rate, elapsedMs, carried });
            if (pace.kind === "stop") throw new Error("stopped");
            ({ carried } = pace);
            taken += pace.count;
            elapsed += elapsedMs;
          }
          expect(taken).toBeLessThanOrEqual((rate * elapsed) / 1_000 + 1e-6);
        },
      ),
    );
  });
});
