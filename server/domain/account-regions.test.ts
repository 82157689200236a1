import fc from "fast-check";
import { expect, test } from "vitest";
import { type PastClass, pastClassOf } from "./account-class.ts";
import { accountRegions } from "./account-regions.ts";
import type { Coverage } from "./coverage.ts";
import { type EventFilter, passes } from "./event-filter.ts";
import { HandledBefore, type HandledLayer } from "./handled-before.ts";
import { OffsetRanges } from "./offset-ranges.ts";
import type { PastChange } from "./position-history.ts";

const HEAD = 30;
const events = Array.from({ length: HEAD }, (_, i) => ({
  offset: i + 1,
  key: `k${i % 5}`,
  type: i % 2 === 0 ? "a" : "b",
}));
const offset = fc.integer({ min: 0, max: HEAD });
const offsets = fc
  .array(fc.tuple(offset, fc.integer({ min: 0, max: 4 })), { maxLength: 4 })
  .map((all) => new OffsetRanges(all.map(([from, more]) => [Math.max(1, from), Math.min(HEAD, from + more)])));
const filter = fc.constantFrom<EventFilter>({}, { types: ["a"] }, { types: ["b"] }, { keyPrefix: "k1" });
const coverage: fc.Arbitrary<Coverage> = fc
  .record({
    partitions: fc.integer({ min: 1, max: 3 }),
    at: fc.tuple(offset, offset, offset),
    ahead: fc.tuple(offsets, offsets, offsets),
  })
  .map(({ partitions, at, ahead }) => ({
    partitions,
    cursors: new Map(
      at
        .slice(0, partitions)
        .map((position, partition) => [partition, { position, settled: ahead[partition] ?? new OffsetRanges() }]),
    ),
  }));
const change: fc.Arbitrary<PastChange> = fc
  .record({
    before: coverage,
    after: coverage,
    isBack: fc.boolean(),
    cleared: offsets,
    filter: fc.option(filter, { nil: undefined }),
    id: fc.uuid(),
  })
  .map(({ before, filter: of, ...it }) => ({
    ...it,
    actor: "ann",
    before: [before],
    ...(of !== undefined && { filter: of }),
  }));
const layer: fc.Arbitrary<HandledLayer> = fc
  .record({
    filter,
    partitions: fc.integer({ min: 1, max: 3 }),
    of: fc.tuple(offsets, offsets, offsets),
    prior: fc.array(fc.record({ coverage, waiting: offsets }), { maxLength: 1 }),
  })
  .map(({ of, prior, ...it }) => ({
    ...it,
    offsets: of.slice(0, it.partitions),
    prior: prior.map((old) => ({ ...old.coverage, topicId: 1, layout: 1, endsAt: HEAD, waiting: old.waiting })),
  }));

const name = (became: PastClass) => (typeof became === "string" ? became : became.id);

test("a region's rule says of each of its events what looking at that event says", () => {
  fc.assert(
    fc.property(
      fc.record({
        history: fc.record({
          beganAfter: offset,
          changes: fc.array(change, { maxLength: 2 }),
          now: fc.array(coverage, { minLength: 1, maxLength: 2 }),
        }),
        layers: fc.array(layer, { maxLength: 3 }),
        filter,
      }),
      offsets,
      fc.integer({ min: 1, max: HEAD }),
      ({ layers, ...of }, parked, tail) => {
        const past = { ...of, handled: new HandledBefore(layers) };
        const regions = accountRegions(past, { head: HEAD, tail, parked });
        expect(regions.flatMap(({ from, to }) => events.slice(from - 1, to))).toEqual(events);
        expect(regions.some((it) => it.from === tail)).toBe(true);
        for (const { from, to, rule } of regions) {
          for (const event of rule === null ? [] : events.slice(from - 1, to)) {
            if (parked.has(event.offset)) continue;
            const told = passes(rule?.filter ?? {}, event) ? rule?.passing : rule?.excluded;
            expect(name(told ?? "open")).toBe(name(pastClassOf(past, event)));
          }
        }
      },
    ),
    { numRuns: 1_000 },
  );
});

test("100,000 parked events that nobody had handled make no region each", () => {
  const every = new OffsetRanges(Array.from({ length: 100_000 }, (_, i) => [2 * i + 1, 2 * i + 1]));
  const gaps = new OffsetRanges(Array.from({ length: 100_000 }, (_, i) => [2 * i + 2, 2 * i + 2]));
  gaps.add(200_001, 300_000);
  const cursors = new Map([[0, { position: 300_000, settled: new OffsetRanges() }]]);
  const past = {
    filter: {},
    history: { beganAfter: 0, changes: [], now: [{ partitions: 1, cursors }] },
    handled: new HandledBefore([{ partitions: 1, filter: {}, prior: [], offsets: [gaps] }]),
  };
  expect(accountRegions(past, { head: 300_000, tail: 1, parked: every })).toHaveLength(1);
});
