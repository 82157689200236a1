import fc from "fast-check";
import { expect, test } from "vitest";
import { KeyLanes } from "./key-lanes.ts";

interface Item {
  readonly lane: string | null;
  readonly at: number;
}

test("whatever finishes, fails or is dropped when: a lane runs one at a time and in order, and nothing is forgotten", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), lane: fc.constantFrom(null, "a", "b", "c") }),
    fc.record({ kind: fc.constant("start" as const) }),
    fc.record({ kind: fc.constant("finish" as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant("fail" as const), pick: fc.nat() }),
    fc.record({ kind: fc.constant("drop" as const), lane: fc.constantFrom(null, "a", "b") }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const lanes = new KeyLanes<Item>();
      const running: Item[] = [];
      const alive = new Set<Item>();
      const lastFinished = new Map<string, number>();
      let at = 0;
      const start = () => {
        const item = lanes.next();
        if (item === undefined) return false;
        expect(alive.has(item)).toBe(true);
        if (item.lane !== null) {
          expect(running.some((it) => it.lane === item.lane)).toBe(false);
          expect(item.at).toBeGreaterThan(lastFinished.get(item.lane) ?? 0);
        }
        running.push(item);
        return true;
      };
      const finish = (index: number) => {
        const [item] = running.splice(index, 1);
        if (item === undefined) return;
        alive.delete(item);
        if (item.lane !== null) lastFinished.set(item.lane, item.at);
        lanes.release(item.lane);
      };
      for (const it of steps) {
        if (it.kind === "add") {
          const item = { lane: it.lane, at: ++at };
          alive.add(item);
          lanes.add(it.lane, item);
        } else if (it.kind === "start") start();
        else if (it.kind === "finish" && running.length > 0) finish(it.pick % running.length);
        else if (it.kind === "fail" && running.length > 0) {
          const index = it.pick % running.length;
          const lane = running[index]?.lane ?? null;
          if (lane !== null) lanes.dropBehind(lane, (item) => item.lane === lane && alive.delete(item));
          finish(index);
        } else if (it.kind === "drop") {
          lanes.drop((item) => item.lane === it.lane && alive.delete(item));
        }
        expect(lanes.size).toBe(alive.size - running.length);
      }
      while (start() || running.length > 0) finish(0);
      expect(alive.size).toBe(0);
    }),
    { numRuns: 500 },
  );
});
