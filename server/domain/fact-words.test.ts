import { expect, test } from "vitest";
import { countText, durationText, eventsText } from "./fact-words.ts";

test("counts are grouped by thousands", () => {
  expect([0, 7, 999, 1_000, 1_204, 1_000_000].map(countText)).toEqual(["0", "7", "999", "1,000", "1,204", "1,000,000"]);
});

test("one event is one event", () => {
  expect([0, 1, 2].map(eventsText)).toEqual(["0 events", "1 event", "2 events"]);
});

test("a duration is told in the greatest unit of which it has two", () => {
  expect(
    [0, 400, 1_000, 40_000, 119_999, 120_000, 5_400_000, 7_200_000, 129_600_000, 259_200_000].map(durationText),
  ).toEqual(["less than 1 s", "less than 1 s", "1 s", "40 s", "120 s", "2 min", "90 min", "2 h", "36 h", "3 d"]);
});
