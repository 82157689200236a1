import fc from "fast-check";
import { expect, test } from "vitest";
import type { PartitionCursor } from "./layout.ts";
import { OffsetRanges } from "./offset-ranges.ts";
import { countCovered, estimateCovered, moveCursor } from "./position-move.ts";

const MAX = 60;
const offset = fc.integer({ min: 1, max: MAX });
const cursors: fc.Arbitrary<PartitionCursor> = fc
  .record({ position: fc.integer({ min: 0, max: MAX }), ahead: fc.array(fc.tuple(offset, offset), { maxLength: 4 }) })
  .map(({ position, ahead }) => {
    const settled = new OffsetRanges();
    for (const [a, b] of ahead) settled.add(position + 1 + Math.min(a, b), position + 1 + Math.max(a, b));
    return { partition: 0, position, settled };
  });
const covers = (it: PartitionCursor, at: number) => at <= it.position || it.settled.has(at);
const everywhere = Array.from({ length: 3 * MAX }, (_, i) => i + 1);

test("a move forward covers what was covered and everything up to its target, and nothing else", () => {
  fc.assert(
    fc.property(cursors, fc.integer({ min: 0, max: 2 * MAX }), (cursor, to) => {
      const after = moveCursor(cursor, { to, isBack: false });
      for (const at of everywhere) expect(covers(after, at)).toBe(covers(cursor, at) || at <= to);
      expect(covers(after, after.position + 1)).toBe(false);
    }),
  );
});

test("a move back covers its target alone", () => {
  fc.assert(
    fc.property(cursors, fc.integer({ min: 0, max: MAX }), (cursor, to) => {
      const after = moveCursor(cursor, { to, isBack: true });
      for (const at of everywhere) expect(covers(after, at)).toBe(at <= to);
    }),
  );
});

test("events are counted by the partition they belong to", () => {
  const at = (partition: number, position: number): PartitionCursor => ({
    partition,
    position,
    settled: new OffsetRanges(),
  });
  const events = everywhere.map((it) => ({ key: null, offset: it }));
  const by = { partitions: 2, cursors: [at(0, 10), at(1, 4)], priorLayouts: [] };
  expect(countCovered(events, by)).toEqual({ count: 5 + 2, last: 10 });
  expect(estimateCovered({ after: 0, through: 100 }, by.cursors)).toBe(7);
  expect(estimateCovered({ after: 4, through: 8 }, by.cursors)).toBe(2);
});
