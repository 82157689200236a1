import fc from "fast-check";
import { expect, test } from "vitest";
import { isSettledBefore, relayout } from "./layout.ts";
import { OffsetRanges } from "./offset-ranges.ts";
import { partitionOf } from "./partition-of.ts";

test("after a change of partitions an event counts as settled exactly when its former partition had settled it", () => {
  const events = Array.from({ length: 60 }, (_, i) => ({ offset: i + 1, key: i % 7 === 0 ? null : `k${i % 11}` }));
  const cursor = fc.record({
    position: fc.integer({ min: 0, max: 40 }),
    above: fc.array(fc.integer({ min: 42, max: 60 }), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(cursor, { minLength: 1, maxLength: 6 }), (old) => {
      const cursors = old.map(({ position, above }, partition) => ({
        partition,
        position,
        settled: new OffsetRanges(above.map((it) => [it, it])),
      }));
      const { floor, endsAt } = relayout(cursors);
      const layout = {
        topicId: 1,
        layout: 1,
        partitions: old.length,
        cursors: new Map(cursors.map((it) => [it.partition, it])),
        endsAt,
      };
      for (const event of events) {
        const former = cursors[partitionOf(event, old.length)];
        const wasSettled =
          former !== undefined && (event.offset <= former.position || former.settled.has(event.offset));
        expect(event.offset <= floor || isSettledBefore([layout], event)).toBe(wasSettled);
      }
    }),
  );
});
