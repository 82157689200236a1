import { expect, test } from "vitest";
import { ratePerSecond, sampleWidth } from "./sample-rates.ts";

const at = (second: number, count: number) => ({ at: new Date(second * 1_000).toISOString(), count });

test("a rate is the difference of two counts over the time between them", () => {
  expect(ratePerSecond(at(0, 100), at(10, 150))).toBe(5);
  expect(ratePerSecond(at(0, 100), at(60, 100))).toBe(0);
});

test("there is no rate without a sample before, nor where a count went back or no time has passed", () => {
  expect(ratePerSecond(undefined, at(10, 150))).toBeNull();
  expect(ratePerSecond(at(0, 100), at(10, 99))).toBeNull();
  expect(ratePerSecond(at(0, 100), at(0, 150))).toBeNull();
});

test("no more points than asked for, at multiples of what the samples are apart", () => {
  const apart = { fineS: 10, coarseS: 300 };
  expect(sampleWidth({ hours: 1, points: 498 }, apart)).toBe(10);
  expect(sampleWidth({ hours: 24, points: 498 }, apart)).toBe(180);
  expect(sampleWidth({ hours: 25, points: 498 }, apart)).toBe(300);
  expect(sampleWidth({ hours: 720, points: 498 }, apart)).toBe(5_400);
  for (const hours of [1, 7, 24, 25, 100, 720]) {
    for (const points of [13, 100, 498]) {
      expect((hours * 3_600) / sampleWidth({ hours, points }, apart)).toBeLessThanOrEqual(points);
    }
  }
});
