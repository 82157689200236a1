import fc from "fast-check";
import { expect, test } from "vitest";
import { doesAsPlanned, type Place, planSubjectText, positionBefore, positionOf } from "./position-plan.ts";

test.each([
  ["a repeat stays a repeat", { from: 9, to: 3 }, { from: 12, to: 3 }, true],
  ["a skip stays a skip", { from: 3, to: 9 }, { from: 5, to: 9 }, true],
  ["a skip that was reached meanwhile does nothing", { from: 3, to: 9 }, { from: 9, to: 9 }, true],
  ["a skip never becomes a repeat", { from: 3, to: 9 }, { from: 10, to: 9 }, false],
  ["a move that did nothing never becomes a repeat", { from: 9, to: 9 }, { from: 10, to: 9 }, false],
  ["a repeat never becomes a skip", { from: 9, to: 3 }, { from: 1, to: 3 }, false],
  ["what repeats partitions that are ahead may repeat more", { from: 3, to: 3, rerun: 5 }, { from: 4, to: 3 }, true],
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

const extents = fc
  .tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 0, max: 1000 }))
  .map(([tail, events]) => ({ tail, head: tail - 1 + events }));
const offsets = fc.integer({ min: 0, max: 3000 });
const places: fc.Arbitrary<Place> = fc.oneof(
  fc.constant({ kind: "earliest" as const }),
  fc.constant({ kind: "latest" as const }),
  fc.record({ kind: fc.constant("before" as const), offset: offsets }),
  fc.record({ kind: fc.constant("position" as const), position: offsets }),
  fc.record({ kind: fc.constant("shift" as const), from: offsets, by: fc.integer({ min: -4000, max: 4000 }) }),
);

test("whatever the target, the next event is one that the topic holds, or the first to come", () => {
  fc.assert(
    fc.property(places, extents, (place, extent) => {
      const position = positionOf(place, extent);
      expect(position).toBeGreaterThanOrEqual(extent.tail - 1);
      expect(position).toBeLessThanOrEqual(extent.head);
    }),
  );
});

test("a shift goes exactly as far as it says, and back again, wherever the topic has room for it", () => {
  fc.assert(
    fc.property(extents, offsets, fc.integer({ min: -4000, max: 4000 }), (extent, from, by) => {
      fc.pre(from >= extent.tail - 1 && from <= extent.head);
      const to = positionOf({ kind: "shift", from, by }, extent);
      const hasRoom = from + by >= extent.tail - 1 && from + by <= extent.head;
      if (hasRoom) expect(to).toBe(from + by);
      else expect(to).toBe(by < 0 ? extent.tail - 1 : extent.head);
      expect(positionOf({ kind: "shift", from: to, by: from - to }, extent)).toBe(from);
    }),
  );
});

test("before an offset and after the one before it are the same place", () => {
  fc.assert(
    fc.property(extents, fc.integer({ min: 1, max: 3000 }), (extent, offset) => {
      expect(positionOf({ kind: "before", offset }, extent)).toBe(
        positionOf({ kind: "position", position: offset - 1 }, extent),
      );
    }),
  );
});

test("the token's subject knows layout, topics, filters, actions and the last change, whatever their order", () => {
  const one = { topicId: 1, filter: { types: ["a"] } };
  const two = { topicId: 2, filter: {} };
  const subject = {
    consumerId: 1,
    layout: 1,
    subscriptions: [one, two],
    lastChange: null,
    parked: "keep",
    state: "keep",
  };
  const text = planSubjectText(subject);
  expect(planSubjectText({ ...subject, subscriptions: [two, one] })).toBe(text);
  expect(planSubjectText({ ...subject, layout: 2 })).not.toBe(text);
  expect(planSubjectText({ ...subject, lastChange: "x" })).not.toBe(text);
  expect(planSubjectText({ ...subject, subscriptions: [one] })).not.toBe(text);
  expect(planSubjectText({ ...subject, parked: "clear" })).not.toBe(text);
  expect(planSubjectText({ ...subject, state: "clear" })).not.toBe(text);
  expect(planSubjectText({ ...subject, subscriptions: [{ ...one, filter: {} }, two] })).not.toBe(text);
});
