import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AppendRequest,
  type AppendVerdict,
  type KnownEvent,
  type LogState,
  type PlannedEvent,
  planAppend as planWith,
} from "./append-plan.ts";
import { eventName } from "./event-name.ts";

type Event = PlannedEvent & { readonly data: string };
const event = (id: string | null, key: string | null = null, rest: Partial<Event> = {}): Event => ({
  id,
  key,
  source: "/",
  type: "t",
  data: "1",
  ...rest,
});
const planAppend = (log: LogState, requests: readonly AppendRequest<Event>[]) =>
  planWith(log, requests, ({ data }) => `digest of ${data}`);
/** As the log tells of an event that it holds. */
const held = ({ type, key, data }: Event, offset: number): KnownEvent => ({
  offset,
  type,
  key,
  digest: `digest of ${data}`,
});
const request = (events: readonly Event[], expected?: Record<string, number>): AppendRequest<Event> => ({
  events,
  expect: expected === undefined ? null : new Map(Object.entries(expected)),
});
const log = (
  head = 0,
  known: [Event, number][] = [],
  { lastOffsets = [], forgottenThrough = 0 }: { lastOffsets?: [string, number][]; forgottenThrough?: number } = {},
): LogState => ({
  head,
  known: new Map(known.map(([it, offset]) => [eventName(it.id ?? "", it.source), held(it, offset)])),
  lastOffsets: new Map(lastOffsets),
  forgottenThrough,
});

describe("planAppend", () => {
  it("gives an id that the topic holds its first offset and writes nothing", () => {
    const plan = planAppend(log(9, [[event("a"), 4]]), [request([event("a")])]);
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
    const plan = planAppend(log(5, [], { lastOffsets: [["k", 3]] }), [rival(), rival(), request([event(null)])]);
    expect(plan.verdicts).toEqual([
      { kind: "accepted", placements: [{ offset: 6, isDuplicate: false }] },
      { kind: "conflict", actual: new Map([["k", 6]]) },
      { kind: "accepted", placements: [{ offset: 7, isDuplicate: false }] },
    ]);
  });

  it("accepts a repeat of known events although their own first append broke its expectation", () => {
    const plan = planAppend(log(2, [[event("a", "k"), 2]], { lastOffsets: [["k", 2]] }), [
      request([event("a", "k")], { k: 0 }),
    ]);
    expect(plan.verdicts[0]).toEqual({ kind: "accepted", placements: [{ offset: 2, isDuplicate: true }] });
  });

  it("refuses the whole of a request that is partly new and expects wrongly", () => {
    const plan = planAppend(log(2, [[event("a", "k"), 2]], { lastOffsets: [["k", 2]] }), [
      request([event("a", "k"), event("b", "k")], { k: 0 }),
    ]);
    expect(plan).toEqual({ head: 2, verdicts: [{ kind: "conflict", actual: new Map([["k", 2]]) }] });
  });

  it("takes the same id of another source for another event", () => {
    const orders = event("1", null, { source: "/orders" });
    const billing = event("1", null, { source: "/billing" });
    const plan = planAppend(log(1, [[orders, 1]]), [request([orders, billing])]);
    expect(plan.verdicts).toEqual([
      {
        kind: "accepted",
        placements: [
          { offset: 1, isDuplicate: true },
          { offset: 2, isDuplicate: false },
        ],
      },
    ]);
  });

  it.each([
    ["type", event("a", "k", { type: "other" })],
    ["key", event("a", "other")],
    ["lack of a key", event("a")],
    ["data", event("a", "k", { data: "2" })],
  ])("refuses a used name with another %s whole, and leaves its neighbours alone", (_, other) => {
    const first = event("a", "k");
    const isReused: AppendVerdict = { kind: "reused", index: 1, offset: 3 };
    const isFirst: AppendVerdict = { kind: "accepted", placements: [{ offset: 5, isDuplicate: false }] };
    const neighbour = () => request([event(null)]);
    // Of the log …
    expect(planAppend(log(4, [[first, 3]]), [neighbour(), request([event("new"), other])])).toEqual({
      head: 5,
      verdicts: [isFirst, isReused],
    });
    // … of an earlier request of the flush, and of the same request.
    const plan = planAppend(log(2), [request([first]), request([event("new"), other]), request([event("new")])]);
    expect([plan.head, plan.verdicts[1], plan.verdicts[2]?.kind]).toEqual([4, isReused, "accepted"]);
    expect(planAppend(log(2), [request([first, other])])).toEqual({ head: 2, verdicts: [isReused] });
  });

  it("holds an expectation against what is remembered, and refuses it where an event may be forgotten", () => {
    const asked = (expected: number) => [request([event(null, "k")], { k: expected })];
    const kinds = (state: LogState, expected: number) => planAppend(state, asked(expected)).verdicts[0];
    expect(kinds(log(9), 0)?.kind).toBe("accepted");
    expect(kinds(log(9, [], { lastOffsets: [["k", 6]], forgottenThrough: 5 }), 6)?.kind).toBe("accepted");
    expect(kinds(log(9, [], { lastOffsets: [["k", 6]], forgottenThrough: 5 }), 0)?.kind).toBe("conflict");
    expect(kinds(log(9, [], { forgottenThrough: 5 }), 0)).toEqual({ kind: "forgotten", keys: ["k"] });
    // It was kept because it was parked; later events of its key may have gone.
    expect(kinds(log(9, [], { lastOffsets: [["k", 2]], forgottenThrough: 5 }), 2)?.kind).toBe("forgotten");
  });

  const names = fc.constantFrom("a", "b", "c", "d");
  const written = fc
    .record({
      id: fc.option(names),
      key: fc.option(names),
      source: fc.constantFrom("/", "/x"),
      data: fc.constantFrom("1", "1", "1", "2"),
    })
    .map(({ id, key, ...rest }) => event(id, key, rest));
  const requests = fc.array(
    fc.record({
      events: fc.array(written, { minLength: 1, maxLength: 4 }),
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
        const known = new Map<string, KnownEvent>();
        const lastOffsets = new Map<string, number>();
        let head = 0;
        const oneByOne = queued.map((single) => {
          const plan = planAppend({ head, known, lastOffsets, forgottenThrough: 0 }, [single]);
          const verdict = plan.verdicts[0];
          if (verdict?.kind === "accepted") {
            single.events.forEach((it, index) => {
              const placement = verdict.placements[index];
              if (placement === undefined || placement.isDuplicate) return;
              if (it.id !== null) known.set(eventName(it.id, it.source), held(it, placement.offset));
              if (it.key !== null) lastOffsets.set(it.key, placement.offset);
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
