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

it("takes the few that can be delivered from 100,000 that are due at once without looking at them all", () => {
  const all = Array.from({ length: 100_000 }, (_, i) => ({
    ...head,
    offset: i + 1,
    key: `k${i}`,
    dueAt: (i * 7_919) % 1_000,
  }));
  const parked = new ParkedHeads(1, all);
  const startedAt = performance.now();
  let before = -1;
  for (let version = 2; version <= 1_001; version++) {
    const [due] = parked.due(5_000, 32);
    if (due === undefined) throw new Error("nothing is due");
    expect(due.dueAt).toBeGreaterThanOrEqual(before);
    before = due.dueAt;
    parked.deliver(due, 9_000);
    parked.apply(version, [{ topicId: 1, sequence: `k${due.key}`, head: null }]);
  }
  // Sorting them at each look took a minute, this takes a few milliseconds.
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

it("looks again at a head that was due and not ready, and tells no time for it", () => {
  const parked = new ParkedHeads(1, [head, { ...head, offset: 6, key: "l", dueAt: 50 }]);
  expect(parked.due(10, 10, () => false)).toEqual([]);
  expect(parked.nextDueAt()).toBe(50);
  expect(parked.due(10, 10).map((it) => it.offset)).toEqual([5]);
  expect(parked.nextDueAt()).toBe(0);
});
