import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AppendRequest, type LogState, planAppend } from "./append-plan.ts";

const event = (id: string | null, key: string | null = null) => ({ id, key });
const request = (events: AppendRequest["events"], expected?: Record<string, number>): AppendRequest => ({
  events,
  expect: expected === undefined ? null : new Map(Object.entries(expected)),
});
const log = (head = 0, known: [string, number][] = [], lastOffsets: [string, number][] = []): LogState => ({
  head,
  known: new Map(known),
  lastOffsets: new Map(lastOffsets),
});

describe("planAppend", () => {
  it("gives an id that the topic holds its first offset and writes nothing", () => {
    const plan = planAppend(log(9, [["a", 4]]), [request([event("a")])]);
    expect(plan).toEqual({ head: 9, verdicts: [{ kind: "accepted", placements: [{ offset: 4, isDuplicate: true }] }] });
  });

  it("counts an id repeated inside a request or a batch as a duplicate of its first", () => {
    const plan = planAppend(log(), [request([event("a"), event("a")]), request([event("b"), event("a")])]);
    expect(plan.verdicts.map((verdict) => (verdict.kind === "accepted" ? verdict.placements : null))).toEqual([
      [
        { offset: 1, isDuplicate: false },
        { offset: 1, isDuplicate: true },
      ],
      [
        { offset: 2, isDuplicate: false },
        { offset: 1, isDuplicate: true },
      ],
    ]);
  });

  it("lets one of two requests that expect the same offset win, and tells the other the actual one", () => {
    const rival = () => request([event(null, "k")], { k: 3 });
    const plan = planAppend(log(5, [], [["k", 3]]), [rival(), rival(), request([event(null)])]);
    expect(plan.verdicts).toEqual([
      { kind: "accepted", placements: [{ offset: 6, isDuplicate: false }] },
      { kind: "conflict", actual: new Map([["k", 6]]) },
      { kind: "accepted", placements: [{ offset: 7, isDuplicate: false }] },
    ]);
  });

  it("accepts a repeat of known events although their own first append broke its expectation", () => {
    const plan = planAppend(log(2, [["a", 2]], [["k", 2]]), [request([event("a", "k")], { k: 0 })]);
    expect(plan.verdicts[0]).toEqual({ kind: "accepted", placements: [{ offset: 2, isDuplicate: true }] });
  });

  it("refuses the whole of a request that is partly new and expects wrongly", () => {
    const plan = planAppend(log(2, [["a", 2]], [["k", 2]]), [request([event("a", "k"), event("b", "k")], { k: 0 })]);
    expect(plan).toEqual({ head: 2, verdicts: [{ kind: "conflict", actual: new Map([["k", 2]]) }] });
  });

  const names = fc.constantFrom("a", "b", "c", "d");
  const requests = fc.array(
    fc.record({
      events: fc.array(fc.record({ id: fc.option(names), key: fc.option(names) }), { minLength: 1, maxLength: 4 }),
      expect: fc.option(fc.dictionary(names, fc.nat(6)).map((wanted) => new Map(Object.entries(wanted)))),
    }),
    { maxLength: 12 },
  );

  it("hands out every offset after the head once, in order, and none for what it refuses", () => {
    fc.assert(
      fc.property(fc.nat(1_000), requests, (head, queued) => {
        const plan = planAppend(log(head), queued);
        const fresh = plan.verdicts.flatMap((verdict) =>
          verdict.kind === "accepted" ? verdict.placements.filter((placement) => !placement.isDuplicate) : [],
        );
        expect(fresh.map(({ offset }) => offset)).toEqual(fresh.map((_, index) => head + index + 1));
        expect(plan.head).toBe(head + fresh.length);
      }),
    );
  });

  it("decides a batch exactly as it would decide its requests one after the other", () => {
    fc.assert(
      fc.property(requests, (queued) => {
        const known = new Map<string, number>();
        const lastOffsets = new Map<string, number>();
        let head = 0;
        const oneByOne = queued.map((single) => {
          const plan = planAppend({ head, known, lastOffsets }, [single]);
          const verdict = plan.verdicts[0];
          if (verdict?.kind === "accepted") {
            single.events.forEach(({ id, key }, index) => {
              const placement = verdict.placements[index];
              if (placement === undefined || placement.isDuplicate) return;
              if (id !== null) known.set(id, placement.offset);
              if (key !== null) lastOffsets.set(key, placement.offset);
            });
          }
          head = plan.head;
          return verdict;
        });
        expect(planAppend(log(), queued).verdicts).toEqual(oneByOne);
      }),
    );
  });
});
