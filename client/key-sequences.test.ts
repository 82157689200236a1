import fc from "fast-check";
import { expect, test } from "vitest";
import { KeySequences } from "./key-sequences.ts";

interface Item {
  readonly sequence: string | null;
  readonly at: number;
}

test("whatever finishes, fails or is dropped when: a sequence runs one at a time and in order, and nothing is forgotten", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), sequence: fc.constantFrom(null, "a", "b", "c") }),
    fc.record({ kind: fc.constant("start" as const) }),
    fc.record({ kind: fc.constant("finish" as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant("fail" as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant("drop" as const), sequence: fc.constantFrom(null, "a", "b") }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const sequences = new KeySequences<Item>();
      const running: Item[] = [];
      const alive = new Set<Item>();
      const lastFinished = new Map<string, number>();
      let at = 0;
      const start = () => {
        const item = sequences.next();
        if (item === undefined) return false;
        expect(alive.has(item)).toBe(true);
        if (item.sequence !== null) {
          expect(running.some((it) => it.sequence === item.sequence)).toBe(false);
          expect(item.at).toBeGreaterThan(lastFinished.get(item.sequence) ?? 0);
        }
        running.push(item);
        return true;
      };
      const finish = (index: number) => {
        const [item] = running.splice(index, 1);
        if (item === undefined) return;
        alive.delete(item);
        if (item.sequence !== null) lastFinished.set(item.sequence, item.at);
        sequences.release(item.sequence);
      };
      for (const it of steps) {
        if (it.kind === "add") {
          const item = { sequence: it.sequence, at: ++at };
          alive.add(item);
          sequences.add(it.sequence, item);
        } else if (it.kind === "start") start();
        else if (it.kind === "finish" && running.length > 0) finish(it.pick % running.length);
        else if (it.kind === "fail" && running.length > 0) {
          const index = it.pick % running.length;
          const sequence = running[index]?.sequence ?? null;
          if (sequence !== null)
            sequences.dropBehind(sequence, (item) => item.sequence === sequence && alive.delete(item));
          finish(index);
        } else if (it.kind === "drop") {
          sequences.drop((item) => item.sequence === it.sequence && alive.delete(item));
        }
        expect(sequences.size).toBe(alive.size - running.length);
      }
      while (start() || running.length > 0) finish(0);
      expect(alive.size).toBe(0);
    }),
    { numRuns: 500 },
  );
});
