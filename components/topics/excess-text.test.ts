import { expect, test } from "vitest";
import { excessText } from "./excess-text.ts";

test("says by how much each bound is passed", () => {
  expect(excessText({ ms: null, events: 1, bytes: null })).toBe("1 event past its bound");
  expect(excessText({ ms: 90_000, events: 1_200, bytes: 5_000 })).toMatch(/, 1,200 events and 5 kB past its bounds$/);
});
