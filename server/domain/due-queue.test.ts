import fc from "fast-check";
import { expect, it } from "vitest";
import { type Due, DueQueue } from "./due-queue.ts";

const due = fc.record({ dueAt: fc.integer({ min: 0, max: 20 }), offset: fc.nat() });
const inOrder = (items: readonly Due[]) => items.toSorted((a, b) => a.dueAt - b.dueAt || a.offset - b.offset);

function drain(queue: DueQueue<Due>): Due[] {
  const items: Due[] = [];
  for (let first = queue.first; first !== undefined; first = queue.first) {
    expect(queue.shift()).toBe(first);
    items.push(first);
  }
  expect([queue.size, queue.shift()]).toEqual([0, undefined]);
  return items;
}

it("gives what is due first, of equal times the lower offset, whatever comes and goes in between", () => {
  fc.assert(
    fc.property(fc.array(due), fc.array(due), fc.nat({ max: 10 }), (early, late, taken) => {
      const queue = new DueQueue<Due>();
      for (const it of early) queue.push(it);
      const out = Array.from({ length: taken }, () => queue.shift()).filter((it) => it !== undefined);
      expect(out).toEqual(inOrder(early).slice(0, taken));
      for (const it of late) queue.push(it);
      const rest = inOrder([...inOrder(early).slice(taken), ...late]);
      queue.keep((it) => it.dueAt > 3);
      expect(drain(queue)).toEqual(rest.filter((it) => it.dueAt > 3));
    }),
  );
});
