import fc from "fast-check";
import { expect, test } from "vitest";
import { RangeTally, without } from "./range-tally.ts";

test("offsets in a row are one range, and beyond the bound they are counted only", () => {
  const tally = new RangeTally(2);
  for (const offset of [1, 2, 3, 5, 9, 10]) tally.add(offset);
  tally.add(20, 29);
  expect(tally.count).toBe(16);
  expect(tally.ranges).toEqual([
    [1, 3],
    [5, 5],
  ]);
  expect(tally.isFull).toBe(true);
});

test("what is counted and where it is can be told apart", () => {
  const tally = new RangeTally(5);
  tally.addCount(100);
  tally.note(4, 6);
  tally.note(7);
  expect([tally.count, tally.ranges]).toEqual([100, [[4, 7]]]);
});

test("a range without some offsets is exactly the others", () => {
  const offset = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(offset, offset, fc.uniqueArray(offset), (a, b, taken) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      const left = [
        ...without(
          [from, to],
          taken.toSorted((x, y) => x - y),
        ),
      ];
      const expected = Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((it) => !taken.includes(it));
      const actual = left.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i));
      expect(actual).toEqual(expected);
    }),
  );
});
