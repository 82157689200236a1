import { expect, test } from "vitest";
import { doesAsPlanned, planSubjectText, positionBefore } from "./position-plan.ts";

test.each([
  ["a repeat stays a repeat", { from: 9, to: 3 }, { from: 12, to: 3 }, true],
  ["a skip stays a skip", { from: 3, to: 9 }, { from: 5, to: 9 }, true],
  ["a skip that was reached meanwhile does nothing", { from: 3, to: 9 }, { from: 9, to: 9 }, true],
  ["a skip never becomes a repeat", { from: 3, to: 9 }, { from: 10, to: 9 }, false],
  ["a move that did nothing never becomes a repeat", { from: 9, to: 9 }, { from: 10, to: 9 }, false],
  ["a repeat never becomes a skip", { from: 9, to: 3 }, { from: 1, to: 3 }, false],
  ["latest may find new events to skip", { from: 9, to: 9 }, { from: 9, to: 12 }, true],
])("%s", (_, planned, now, expected) => {
  expect(doesAsPlanned(planned, now)).toBe(expected);
});

test("a place stays within what the topic holds", () => {
  expect(positionBefore(1, { tail: 1, head: 0 })).toBe(0);
  expect(positionBefore(1, { tail: 5, head: 9 })).toBe(4);
  expect(positionBefore(7, { tail: 5, head: 9 })).toBe(6);
  expect(positionBefore(100, { tail: 5, head: 9 })).toBe(9);
  expect(positionBefore(1, { tail: 10, head: 9 })).toBe(9);
});

test("the token's subject knows layout, topics, filters and the last change, whatever their order", () => {
  const one = { topicId: 1, filter: { types: ["a"] } };
  const two = { topicId: 2, filter: {} };
  const subject = { consumerId: 1, layout: 1, subscriptions: [one, two], lastChange: null };
  const text = planSubjectText(subject);
  expect(planSubjectText({ ...subject, subscriptions: [two, one] })).toBe(text);
  expect(planSubjectText({ ...subject, layout: 2 })).not.toBe(text);
  expect(planSubjectText({ ...subject, lastChange: "x" })).not.toBe(text);
  expect(planSubjectText({ ...subject, subscriptions: [one] })).not.toBe(text);
  expect(planSubjectText({ ...subject, subscriptions: [{ ...one, filter: {} }, two] })).not.toBe(text);
});
