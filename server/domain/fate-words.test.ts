import { expect, test } from "vitest";
import { type ParkedWords, parkedText, pendingText, settledText } from "./fate-words.ts";

const parked: ParkedWords = {
  state: "retrying",
  attempt: 3,
  attemptsMax: 5,
  dueInMs: 40_000,
  errorName: "CardDeclined",
  errorMessage: `no funds\n${"x".repeat(1_000)}`,
  operationId: null,
  discardedBy: null,
  discardedAt: null,
  discardReason: null,
};
const alone = { member: null, behind: null };

test.each<[string, Partial<ParkedWords>, { member: string | null; behind: number | null }]>([
  ["attempt 3 of 5, next in 40 s; CardDeclined: no funds", {}, alone],
  ["attempt 3 of 5, next now, as an operator asked; CardDeclined: no funds", { dueInMs: -1, operationId: "7f" }, alone],
  ["attempt 4 of 5 is with billing-1", {}, { member: "billing-1", behind: null }],
  ["a dead letter after 5 attempts; CardDeclined: no funds", { state: "dead", attempt: 5 }, alone],
  ["a dead letter", { state: "dead", attempt: 0, errorName: null }, alone],
  ["waits behind event 12", { state: "blocked" }, { member: null, behind: 12 }],
  ["waits for its turn", { state: "blocked" }, alone],
  ["discarded", { state: "discarded" }, alone],
  [
    "discarded by person:ann at 2026-11-20T21:00:00Z: a test",
    {
      state: "discarded",
      discardedBy: "person:ann",
      discardedAt: "2026-11-20T21:00:00Z",
      discardReason: "a test",
    },
    alone,
  ],
])("a parked event says: %s", (words, change, at) => {
  expect(parkedText({ ...parked, ...change }, at)).toBe(words);
});

test("a message is told by its first line, and not at any length", () => {
  expect(parkedText({ ...parked, state: "dead", errorMessage: "y".repeat(1_000) }, alone).length).toBeLessThan(300);
});

test("what was not delivered yet says what comes before it", () => {
  expect(pendingText({ ahead: 0, behind: null })).toBe("not delivered yet; it is the next");
  expect(pendingText({ ahead: 1_204, behind: null })).toBe("not delivered yet; 1,204 events come before it");
  expect(pendingText({ ahead: 3, behind: 7 })).toBe("not delivered yet; it will wait behind event 7, which is parked");
});

test("what was settled says how often it failed before, and whether it is replayed", () => {
  expect(settledText(0, null)).toBe("settled");
  expect(settledText(1, null)).toBe("settled, after 1 delivery that failed");
  expect(settledText(2, "7f")).toBe("settled, after 2 deliveries that failed; it is delivered again by replay 7f");
});
