import fc from "fast-check";
import { expect, test } from "vitest";
import { coveredByNone } from "./coverage.ts";
import { OffsetRanges } from "./offset-ranges.ts";

test("what no cursor covers is told offset by offset", () => {
  const offset = fc.integer({ min: 1, max: 30 });
  const cursor = fc.record({
    position: fc.integer({ min: 0, max: 30 }),
    settled: fc
      .array(fc.tuple(offset, fc.nat(4)), { maxLength: 4 })
      .map((all) => new OffsetRanges(all.map(([from, more]) => [from, from + more]))),
  });
  fc.assert(
    fc.property(offset, offset, fc.array(cursor, { maxLength: 3 }), fc.array(offset), (from, to, cursors, except) => {
      const open = coveredByNone([from, to], cursors, except);
      for (let it = 0; it <= 40; it++) {
        const isCovered = except.includes(it) || cursors.some((c) => it <= c.position || c.settled.has(it));
        expect(open.has(it)).toBe(it >= from && it <= to && !isCovered);
      }
    }),
  );
});
