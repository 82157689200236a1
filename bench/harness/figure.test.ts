import { expect, test } from "vitest";
import { ratios, verdict } from "./figure.ts";

test("a figure is judged by its median, towards the better side of each bound", () => {
  expect(verdict("x", "×", [1, 5, 9], { relation: "≥", must: 4, aim: 7 }).reached).toBe("must");
  expect(verdict("x", "×", [1, 7, 9], { relation: "≥", must: 4, aim: 7 }).reached).toBe("aim");
  expect(verdict("x", "ms", [9, 11, 30], { relation: "≤", must: 25, aim: 10 }).reached).toBe("must");
  expect(verdict("x", "ms", [26, 26, 26], { relation: "≤", must: 25, aim: 10 }).reached).toBe("short");
});

test("a ratio is taken within its round", () => {
  expect(ratios([10, 30], [5, 10])).toEqual([2, 3]);
});
