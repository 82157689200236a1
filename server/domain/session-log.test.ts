import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SessionLog } from "./session-log.ts";

const TIMEOUT_MS = 100;
const numbersOf = (deliveries: Iterable<{ readonly number: number }>) => [...deliveries].map((it) => it.number);
const overdueAt = (log: SessionLog<string>, now: number) => numbersOf(log.overdue(now, TIMEOUT_MS));

/** Deliveries a, b, c …, all sent at the same time. */
function sent(places: string, now = 0): SessionLog<string> {
  const log = new SessionLog<string>();
  for (const place of places) log.send(place, now);
  return log;
}

describe("numbers", () => {
  it("count the deliveries of the session from 1, also those that are over", () => {
    const log = sent("ab");
    log.end(2, 10);
    expect(log.send("c", 20)).toBe(3);
    expect([log.last, log.size, numbersOf(log)]).toEqual([3, 2, [1, 3]]);
    expect([log.get(1)?.place, log.get(2), log.get(3)?.place]).toEqual(["a", undefined, "c"]);
  });

  it("go on after the last one of another instance, and never back", () => {
    const log = new SessionLog<string>(7);
    expect([log.last, log.send("a", 0)]).toEqual([7, 8]);
    log.skipTo(12);
    expect(log.send("b", 0)).toBe(13);
    log.skipTo(3);
    expect(log.send("c", 0)).toBe(14);
  });
});

describe("the ack clock", () => {
  it("counts from when a delivery was sent, and finds it only past the whole time", () => {
    const log = new SessionLog<string>();
    log.send("a", 40);
    expect([overdueAt(log, 140), overdueAt(log, 141)]).toEqual([[], [1]]);
  });

  it("does not run for a delivery as long as the one sent before it is open", () => {
    const log = sent("abc");
    expect(overdueAt(log, 10_000)).toEqual([1]);
  });

  it("counts from when the one sent before was settled, if that is later", () => {
    const log = sent("abc");
    log.end(1, 90);
    expect([overdueAt(log, 190), overdueAt(log, 191)]).toEqual([[], [2]]);
    log.end(2, 250);
    expect([overdueAt(log, 350), overdueAt(log, 351)]).toEqual([[], [3]]);
  });

  it("counts from when a delivery was sent, if the one sent before it was settled by then", () => {
    const log = sent("a");
    log.end(1, 10);
    log.send("b", 60);
    expect([overdueAt(log, 160), overdueAt(log, 161)]).toEqual([[], [2]]);
  });

  it("runs for what is sent behind a settled delivery, though an earlier one is open", () => {
    const log = sent("ab");
    log.end(2, 10);
    log.send("c", 20);
    expect([overdueAt(log, 120), overdueAt(log, 121)]).toEqual([[1], [1, 3]]);
  });

  it("keeps running when a delivery further ahead is settled, and when one is settled twice", () => {
    const log = sent("abc");
    log.end(2, 50);
    expect(overdueAt(log, 101)).toEqual([1]);
    expect(overdueAt(log, 151)).toEqual([1, 3]);
    log.end(2, 140);
    expect(overdueAt(log, 151)).toEqual([1, 3]);
    log.end(1, 60);
    expect(overdueAt(log, 151)).toEqual([3]);
  });

  it("is not set by a number that was never sent", () => {
    const log = sent("ab");
    for (const number of [0, 3, -1]) log.end(number, 50);
    log.extend(9, 50);
    expect([log.size, overdueAt(log, 101)]).toEqual([2, [1]]);
  });
});

describe("an extension", () => {
  it("gives a delivery its whole time again", () => {
    const log = sent("a");
    log.extend(1, 90);
    expect([overdueAt(log, 190), overdueAt(log, 191)]).toEqual([[], [1]]);
  });

  it("starts no clock that does not run yet: a delivery in the buffer still has its whole time before it", () => {
    const log = sent("ab");
    log.extend(2, 50);
    expect(overdueAt(log, 10_000)).toEqual([1]);
    log.end(1, 90);
    expect([overdueAt(log, 190), overdueAt(log, 191)]).toEqual([[], [2]]);
  });
});

describe("a resumption after n", () => {
  it("sends the open deliveries after n again, ascending, and none of the others", () => {
    const log = sent("abcde");
    log.end(4, 10);
    expect(numbersOf(log.sendAgain(2, 20))).toEqual([3, 5]);
    expect(numbersOf(log)).toEqual([1, 2, 3, 5]);
    expect(log.last).toBe(5);
    expect(log.sendAgain(5, 20)).toEqual([]);
  });

  it("starts the clocks of those anew, each behind the one sent before it", () => {
    const log = sent("abc");
    log.end(1, 5);
    expect(log.sendAgain(1, 60).map((it) => it.sentAt)).toEqual([60, 60]);
    expect([overdueAt(log, 160), overdueAt(log, 161)]).toEqual([[], [2]]);
    log.end(2, 200);
    expect([overdueAt(log, 300), overdueAt(log, 301)]).toEqual([[], [3]]);
  });

  it("leaves the clocks of what the member has as they were", () => {
    const log = sent("ab");
    log.sendAgain(1, 60);
    expect(overdueAt(log, 101)).toEqual([1]);
    expect(log.get(1)?.sentAt).toBe(0);
  });

  it("looks at the one sent just before, not at all that are open", () => {
    const log = sent("abcd");
    log.end(1, 10);
    log.end(3, 20);
    log.sendAgain(0, 60);
    expect([overdueAt(log, 160), overdueAt(log, 161)]).toEqual([[], [2, 4]]);
  });
});

type Step =
  | { readonly kind: "send" }
  | { readonly kind: "end" | "extend" | "again"; readonly number: number }
  | { readonly kind: "wait"; readonly ms: number };

const number = fc.integer({ min: 0, max: 12 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant<Step>({ kind: "send" }),
  fc.record({ kind: fc.constantFrom("end" as const, "extend" as const, "again" as const), number }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 60 }) }),
);

it("counts the later of sent, extended and the end of the one before, whatever happens in whatever order", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const log = new SessionLog<number>();
      /** By number: since when the clock runs, null = not yet. Told from the rule, without the log. */
      const model = new Map<number, number | null>();
      let now = 0;
      let last = 0;
      const startOf = (it: number) => (model.has(it - 1) ? null : now);
      for (const it of steps) {
        switch (it.kind) {
          case "wait":
            now += it.ms;
            break;
          case "send":
            last += 1;
            model.set(last, startOf(last));
            expect(log.send(last, now)).toBe(last);
            break;
          case "end":
            log.end(it.number, now);
            if (model.delete(it.number) && model.get(it.number + 1) === null) model.set(it.number + 1, now);
            break;
          case "extend":
            log.extend(it.number, now);
            if (typeof model.get(it.number) === "number") model.set(it.number, now);
            break;
          case "again":
            log.sendAgain(it.number, now);
            for (const open of model.keys()) if (open > it.number) model.set(open, startOf(open));
        }
        const overdue = [...model].flatMap(([open, since]) =>
          since !== null && now - since > TIMEOUT_MS ? [open] : [],
        );
        expect(numbersOf(log.overdue(now, TIMEOUT_MS))).toEqual(overdue);
        expect(log.size).toBe(model.size);
      }
    }),
    { seed: 8, numRuns: 1_000 },
  );
});
