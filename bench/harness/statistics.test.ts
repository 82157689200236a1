import { expect, test } from "vitest";
import { percentile, spread } from "./statistics.ts";

test("the median of an even count lies between the two in the middle", () => {
  expect(percentile([4, 1, 3, 2], 0.5)).toBe(2.5);
});

test("a spread names the median and both ends, whatever the order", () => {
  expect(spread([10, 2, 9])).toEqual({ median: 9, min: 2, max: 10 });
});

test("an empty measurement is refused and never reported as 0", () => {
  expect(() => spread([])).toThrow("nothing was measured");
});
