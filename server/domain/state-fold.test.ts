import { expect, test } from "vitest";
import { foldState } from "./state-fold.ts";

test("the last change of a key wins; each one counts, and a deletion starts the version anew", () => {
  const writes = foldState([
    {
      set: [
        ["b", "1"],
        ["a", "1"],
      ],
      delete: [],
    },
    { set: [["b", "2"]], delete: ["a"] },
    { set: [["c", "1"]], delete: ["c"] },
  ]);
  expect(writes).toEqual([
    { key: "a", value: null, writes: 0, isAfresh: true },
    { key: "b", value: "2", writes: 2, isAfresh: false },
    { key: "c", value: "1", writes: 1, isAfresh: true },
  ]);
});
