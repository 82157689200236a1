import fc from "fast-check";
import { expect, test } from "vitest";
import { OffsetRanges } from "./offset-ranges.ts";
import { inAll, inAny, inFirstOnly } from "./range-sets.ts";

const MAX = 30;
const everywhere = Array.from({ length: MAX }, (_, i) => i + 1);
const set = fc
  .array(fc.integer({ min: 1, max: MAX }), { maxLength: 20 })
  .map((all) => new OffsetRanges(all.map((it) => [it, it])));
const offsetsOf = (of: OffsetRanges) => everywhere.filter((it) => of.has(it));

test("sets of ranges are put together, cut and taken apart as sets of offsets are", () => {
  fc.assert(
    fc.property(fc.array(set, { maxLength: 4 }), set, (sets, other) => {
      expect(offsetsOf(inAny(sets))).toEqual(everywhere.filter((at) => sets.some((it) => it.has(at))));
      expect(offsetsOf(inAll(sets))).toEqual(
        everywhere.filter((at) => sets.length > 0 && sets.every((it) => it.has(at))),
      );
      const [first = new OffsetRanges()] = sets;
      expect(offsetsOf(inFirstOnly(first, other))).toEqual(everywhere.filter((at) => first.has(at) && !other.has(at)));
    }),
    { seed: 3 },
  );
});
