import { expect, it } from "vitest";
import { type ParkedHead, ParkedHeads } from "./parked-heads.ts";

const head: ParkedHead = {
  topicId: 1,
  offset: 5,
  key: "k",
  attempt: 1,
  isDead: false,
  dueAt: 0,
  operationId: null,
  isReplay: false,
};

it("a head in flight is not due again because a later event was parked behind it", () => {
  const parked = new ParkedHeads(1, [head]);
  expect(parked.deliver(head, 100)).toBe(true);
  parked.apply(2, [{ topicId: 1, sequence: "kk", head: { ...head } }]);
  expect(parked.due(10, 10)).toEqual([]);
  expect(parked.inFlight).toBe(1);
});

it("a head whose delivery has failed is due again, and one whose event was released gives way to the next", () => {
  const parked = new ParkedHeads(1, [head]);
  parked.deliver(head, 100);
  parked.apply(2, [{ topicId: 1, sequence: "kk", head: { ...head, attempt: 2 } }]);
  const [due] = parked.due(10, 10);
  expect(due?.attempt).toBe(2);
  if (due !== undefined) parked.deliver(due, 100);
  parked.apply(3, [{ topicId: 1, sequence: "kk", head: { ...head, offset: 7, attempt: 0 } }]);
  expect(parked.due(10, 10).map((it) => it.offset)).toEqual([7]);
  parked.apply(4, [{ topicId: 1, sequence: "kk", head: null }]);
  expect([parked.size, parked.inFlight]).toEqual([0, 0]);
});

it("a discarded event ahead of the position is not delivered by the flow, until it is restored", () => {
  const parked = new ParkedHeads(1, [], [{ topicId: 1, offset: 5 }]);
  expect(parked.placeOf(1, { key: "k", offset: 5 })).toBe("discarded");
  expect(parked.placeOf(1, { key: "k", offset: 6 })).toBe("free");
  parked.replace(2, []);
  expect(parked.placeOf(1, { key: "k", offset: 5 })).toBe("free");
});
