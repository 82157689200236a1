import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AlertSpan, alertChange, alertSpans, CLEAR_WINDOW_MS, type Measured, windowMs } from "./alert-rule.ts";

/** One value every ten seconds, from 0 on. Null: a sample that is missing. */
const sampled = (...values: (number | null)[]): Measured[] =>
  values.flatMap((value, i) => (value === null ? [] : [{ at: i * 10_000, value }]));
const times = (count: number, value: number | null) => Array.from({ length: count }, () => value);
const rule = { above: 10, forSeconds: 30 };
const from = (spans: readonly AlertSpan[]) => spans.map((it) => [it.since, it.openedAt, it.overAt]);

describe("an alert", () => {
  it("begins when the measure was above for as long as the rule says, and not before", () => {
    expect(alertSpans(rule, sampled(0, 11, 12, 13))).toEqual([]);
    expect(alertSpans(rule, sampled(0, 11, 20, 13, 14))).toEqual([
      { since: 10_000, openedAt: 40_000, value: 14, worst: 20, overAt: null },
    ]);
    expect(alertSpans(rule, sampled(...times(99, 10)))).toEqual([]);
  });

  it("begins anew to wait when the measure was not above in between", () => {
    expect(from(alertSpans(rule, sampled(11, 11, 11, 10, 11, 11, 11, 11)))).toEqual([[40_000, 70_000, null]]);
  });

  it("begins anew to wait after samples that are missing, for nobody knows what was then", () => {
    expect(from(alertSpans(rule, sampled(11, null, null, 11)))).toEqual([[0, 30_000, null]]);
    expect(from(alertSpans(rule, sampled(11, null, null, null, 11, 11, 11, 11)))).toEqual([[40_000, 70_000, null]]);
  });

  it("begins at once where the rule does not wait", () => {
    expect(from(alertSpans({ above: 0, forSeconds: 0 }, sampled(0, 1)))).toEqual([[10_000, 10_000, null]]);
  });

  it("is over when the measure was well under its bound for a minute", () => {
    const before = times(4, 11);
    expect(from(alertSpans(rule, sampled(...before, ...times(6, 8))))).toEqual([[0, 30_000, null]]);
    expect(from(alertSpans(rule, sampled(...before, ...times(7, 8))))).toEqual([[0, 30_000, 100_000]]);
  });

  it("goes on while the measure swings about its bound", () => {
    const swings = Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 9 : 11));
    expect(from(alertSpans(rule, sampled(...times(4, 11), ...swings, ...times(50, 9))))).toEqual([[0, 30_000, null]]);
  });

  it("of a bound of none is over when there is none", () => {
    const none = { above: 0, forSeconds: 0 };
    expect(alertSpans(none, sampled(1, ...times(7, 0)))[0]?.overAt).toBe(70_000);
    expect(alertSpans(none, sampled(1, ...times(6, 0), 1))[0]?.overAt).toBeNull();
  });

  it("that stood before is taken up, and another one may follow it", () => {
    const open = { since: -60_000, openedAt: -30_000, value: 11, worst: 40 };
    const samples = sampled(12, ...times(7, 0), ...times(4, 15));
    expect(alertSpans(rule, samples, open)).toEqual([
      { ...open, overAt: 70_000 },
      { since: 80_000, openedAt: 110_000, value: 15, worst: 15, overAt: null },
    ]);
  });
});

it("looked at every ten seconds through its window makes the same alerts as the whole past at once", () => {
  const values = fc.array(fc.constantFrom(0, 7, 9, 11, 30, null), { maxLength: 120 });
  const rules = fc.record({ above: fc.constant(10), forSeconds: fc.constantFrom(0, 20, 60, 120) });
  fc.assert(
    fc.property(rules, values, (condition, given) => {
      const samples = sampled(...given);
      const whole = alertSpans(condition, samples);
      const found: AlertSpan[] = [];
      samples.forEach(({ at }, i) => {
        const last = found.at(-1);
        const open = last?.overAt === null ? last : null;
        const lengthMs = open === null ? windowMs(condition) : CLEAR_WINDOW_MS;
        const window = samples.slice(0, i + 1).filter((it) => it.at > at - lengthMs);
        const change = alertChange(condition, window, open);
        if (change?.kind === "opens") found.push(change.span);
        else if (change !== null && open !== null) {
          const overAt = change.kind === "over" ? change.at : null;
          found.splice(-1, 1, { ...open, worst: change.worst, overAt });
        }
      });
      expect(found).toEqual(whole);
    }),
    { seed: 19, numRuns: 500 },
  );
});
