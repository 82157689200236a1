import { expect, test } from "vitest";
import { HeadHistory } from "./head-history.ts";

test("nothing is said before two samples are far enough apart", () => {
  const history = new HeadHistory();
  expect(history.total()).toBeNull();
  history.record([{ topic: "a", head: 5 }], 1_000);
  expect(history.rate("a")).toBeNull();
  expect(history.series(60)).toEqual([]);
});

test("a steady stream is a level line, however uneven the samples", () => {
  const history = new HeadHistory();
  for (const atMs of [1_000, 1_900, 3_100, 3_950, 5_100, 6_000, 7_050]) {
    history.record([{ topic: "a", head: atMs / 100 }], atMs);
  }
  expect(history.series(60).map((it) => Math.round(it * 1e6) / 1e6)).toEqual([10, 10, 10, 10, 10, 10]);
  expect(history.rate("a")).toBeCloseTo(10);
});

test("the rate is that of the last ten seconds; of all topics together it is the sum", () => {
  const history = new HeadHistory();
  for (let second = 0; second <= 30; second += 1) {
    const head = second <= 20 ? second * 100 : 2_000;
    history.record(
      [
        { topic: "a", head },
        { topic: "b", head: second },
      ],
      second * 1_000,
    );
  }
  expect(history.rate("a")).toBe(0);
  expect(history.rate("b")).toBe(1);
  expect(history.total()).toBe(1);
});
