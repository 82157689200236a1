import fc from "fast-check";
import { expect, test } from "vitest";
import { type EventFilter, passes } from "./event-filter.ts";
import { HandledBefore, type HandledLayer, type PassedLayout } from "./handled-before.ts";
import { OffsetRanges } from "./offset-ranges.ts";
import { partitionOf } from "./partition-of.ts";

const EVENTS = 40;
const events = Array.from({ length: EVENTS }, (_, i) => ({
  offset: i + 1,
  key: i % 5 === 0 ? null : `k${i % 7}`,
  type: i % 2 === 0 ? "a" : "b",
}));
const offsets = fc
  .array(fc.integer({ min: 1, max: EVENTS }), { maxLength: 20 })
  .map((all) => new OffsetRanges(all.map((it) => [it, it])));
const filter = fc.constantFrom<EventFilter>({}, { types: ["a"] }, { types: ["b"], keyPrefix: "k" }, { keys: ["k1"] });
const prior: fc.Arbitrary<PassedLayout> = fc
  .record({
    partitions: fc.integer({ min: 1, max: 4 }),
    at: fc.array(fc.nat(EVENTS), { minLength: 4, maxLength: 4 }),
    waiting: offsets,
  })
  .map(({ partitions, at, waiting }) => ({
    topicId: 1,
    layout: 1,
    partitions,
    cursors: new Map(
      at.slice(0, partitions).map((position, partition) => [partition, { position, settled: new OffsetRanges() }]),
    ),
    endsAt: Math.max(...at.slice(0, partitions)),
    waiting,
  }));
const layer: fc.Arbitrary<HandledLayer> = fc
  .record({
    partitions: fc.integer({ min: 1, max: 4 }),
    filter,
    prior: fc.array(prior, { maxLength: 2 }),
    of: fc.array(offsets, { minLength: 4, maxLength: 4 }),
  })
  .map(({ of, ...it }) => ({ ...it, offsets: of.slice(0, it.partitions) }));

test("an event was handled when some layer's partition of it came past it, its filter let it through, and no earlier layout had come past it", () => {
  fc.assert(
    fc.property(fc.array(layer, { maxLength: 3 }), (layers) => {
      const handled = new HandledBefore(layers);
      for (const event of events) {
        const wanted = layers.some((it) => {
          const cameBy = it.offsets[partitionOf(event, it.partitions)]?.has(event.offset) ?? false;
          const wasPassed = it.prior.some(
            (old) =>
              event.offset <= (old.cursors.get(partitionOf(event, old.partitions))?.position ?? 0) &&
              !old.waiting.has(event.offset),
          );
          return cameBy && !wasPassed && passes(it.filter, event);
        });
        expect(handled.has(event)).toBe(wanted);
      }
    }),
    { seed: 11 },
  );
});

test("nothing was handled before where nothing was ever changed", () => {
  const handled = new HandledBefore([]);
  expect(events.filter((it) => handled.has(it))).toEqual([]);
});
