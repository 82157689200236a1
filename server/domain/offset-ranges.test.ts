import fc from "fast-check";
import { expect, test } from "vitest";
import { formatRanges, OffsetRanges, parseRanges } from "./offset-ranges.ts";

const range = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 8 }))
  .map(([from, more]) => [from, from + more] as const);

test("holds exactly the offsets added, as the fewest ranges, and survives PostgreSQL's text", () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 20 }), (added) => {
      const ranges = new OffsetRanges(added);
      const naive = new Set(added.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)));
      for (let offset = 0; offset <= 70; offset++) expect(ranges.has(offset)).toBe(naive.has(offset));
      expect(ranges.size).toBe([...naive].filter((it) => !naive.has(it - 1)).length);
      expect(ranges.last).toBe(Math.max(0, ...naive));
      expect([...parseRanges(formatRanges(ranges))]).toEqual([...ranges]);
    }),
  );
});
