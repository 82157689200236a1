import fc from "fast-check";
import { expect, test } from "vitest";
import { DeliveryTracker } from "./delivery-tracker.ts";
import { type OffsetRange, OffsetRanges } from "./offset-ranges.ts";

/** The same as plain sets: what was looked at, what is in flight, and what the database holds. */
class Model {
  scanned = 0;
  readonly inFlight = new Set<number>();
  readonly database = new Set<number>();
  get position(): number {
    let position = 0;
    while (this.database.has(position + 1)) position += 1;
    return position;
  }
  merge(ranges: readonly OffsetRange[]): void {
    for (const [from, to] of ranges)
      for (let offset = Math.max(1, from); offset <= to; offset++) this.database.add(offset);
  }
}

const pick = fc.nat({ max: 1_000 });
const command = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("deliver" as const), gap: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("pass" as const), gap: fc.integer({ min: 0, max: 5 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("settle" as const),
      picks: fc.array(pick, { minLength: 1, maxLength: 5 }),
      commits: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("unsure" as const), picks: fc.array(pick, { maxLength: 4 }) }),
  },
);

test("agrees with plain sets: nothing in flight is ever counted, everything else is, and the floor is exact", () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const tracker = new DeliveryTracker({ position: 0, settled: new OffsetRanges(), replays: new OffsetRanges() });
      const model = new Model();
      for (const it of commands) {
        if (it.kind === "deliver") {
          model.scanned += it.gap;
          model.inFlight.add(model.scanned);
          tracker.deliver(model.scanned, 0, null);
        } else if (it.kind === "pass") {
          model.scanned += it.gap;
          tracker.passTo(model.scanned);
        } else if (it.kind === "unsure") {
          // The answer to a commit is lost; the holder asks the database later.
          const chosen = chosenOf(model, it.picks);
          for (const offset of chosen) model.database.add(offset);
          for (const offset of chosen) model.inFlight.delete(offset);
          tracker.reconcile({
            position: model.position,
            settled: new OffsetRanges([...model.database].map((o) => [o, o])),
          });
        } else {
          const chosen = chosenOf(model, it.picks);
          for (const offset of chosen) tracker.settle(offset);
          const pending = tracker.pending();
          if (!it.commits) {
            tracker.rollBack();
          } else {
            model.merge(pending);
            for (const offset of chosen) model.inFlight.delete(offset);
            tracker.commit();
            tracker.flushed(pending[0]?.[1] ?? 0);
            expect(tracker.isBehind).toBe(false);
          }
        }
        for (const offset of model.inFlight) expect(model.database.has(offset)).toBe(false);
        expect(tracker.inFlight).toBe(model.inFlight.size);
        expect(tracker.floor).toBe(model.inFlight.size === 0 ? model.scanned : Math.min(...model.inFlight) - 1);
        expect(tracker.scanned).toBe(model.scanned);
      }
      // Whatever is not in flight reaches the database with the next group.
      const pending = tracker.pending();
      model.merge(pending);
      expect(model.position).toBe(tracker.floor);
      expect(pending).toHaveLength(1);
    }),
    { numRuns: 500 },
  );
});

function chosenOf(model: Model, picks: readonly number[]): number[] {
  const inFlight = [...model.inFlight];
  return inFlight.length === 0 ? [] : [...new Set(picks.map((it) => inFlight[it % inFlight.length] ?? 0))];
}

test("the ranges of settlements out of order melt together: gaps count, not settlements", () => {
  const tracker = new DeliveryTracker({ position: 0, settled: new OffsetRanges(), replays: new OffsetRanges() });
  for (let i = 1; i <= 1_000; i++) tracker.deliver(i * 3, 0, null);
  for (let i = 1_000; i >= 2; i--) tracker.settle(i * 3);
  expect(new OffsetRanges(tracker.pending()).size).toBe(2);
});

test("what an earlier holder had settled above its position is known, and may be settled again", () => {
  const tracker = new DeliveryTracker({
    position: 3,
    settled: new OffsetRanges([[5, 7]]),
    replays: new OffsetRanges(),
  });
  expect([4, 5, 7, 8].map((it) => tracker.wasSettled(it))).toEqual([false, true, true, false]);
  expect([3, 4, 6].map((it) => tracker.mayHaveDelivered(it))).toEqual([true, false, true]);
});

test("an extended delivery is overdue later than its neighbours", () => {
  const tracker = new DeliveryTracker({ position: 0, settled: new OffsetRanges(), replays: new OffsetRanges() });
  tracker.deliver(1, 100, null);
  tracker.deliver(2, 100, null);
  tracker.extend(200, 1);
  expect([100, 150, 250].map((now) => tracker.overdue(now))).toEqual([[], [2], [1, 2]]);
});

test("after a move back a parked event waits until the flow has passed it again", () => {
  const tracker = new DeliveryTracker({
    position: 0,
    settled: new OffsetRanges(),
    replays: new OffsetRanges([[1, 10]]),
  });
  expect(tracker.isPassed(5, "k")).toBe(false);
  expect(tracker.isPassed(11, "k")).toBe(true);
  tracker.deliver(1, 100, "k");
  tracker.park(5, "k");
  tracker.passTo(10);
  expect([tracker.isPassed(5, "k"), tracker.isPassed(4, "k"), tracker.isPassed(4, "j")]).toEqual([false, false, true]);
  tracker.settle(1);
  tracker.settleParking(10);
  expect(tracker.isPassed(5, "k")).toBe(false);
  tracker.commit();
  expect(tracker.isPassed(5, "k")).toBe(true);
});

test("a key has events that wait to be parked until all of them are, however they came to wait", () => {
  const tracker = new DeliveryTracker({ position: 0, settled: new OffsetRanges(), replays: new OffsetRanges() });
  tracker.deliver(1, 0, "k");
  tracker.deliver(2, 0, "k");
  tracker.park(3, "k");
  tracker.park(4, "other");
  tracker.settle(1);
  expect(tracker.takeBack("k", 1)).toEqual([2]);
  tracker.settleParking(1);
  // While it is being written, and when that fails, it waits still.
  expect(tracker.isKeyParking("k")).toBe(true);
  tracker.rollBack();
  tracker.settle(1);
  tracker.settleParking(1);
  tracker.commit();
  expect(tracker.isKeyParking("k")).toBe(true);
  tracker.settleParking(1);
  tracker.commit();
  expect([tracker.isKeyParking("k"), tracker.isKeyParking("other")]).toEqual([false, true]);
});

test("what stands behind a delivery in flight of its key is not parked before that is over, and holds up no other key", () => {
  const tracker = new DeliveryTracker({ position: 0, settled: new OffsetRanges(), replays: new OffsetRanges() });
  tracker.deliver(1, 0, "k");
  tracker.deliver(2, 0, "k");
  tracker.park(3, "other");
  tracker.settle(1);
  tracker.takeBack("k", 1);
  tracker.rollBack();
  expect(tracker.settleParking(10).map((it) => it.offset)).toEqual([3]);
  tracker.commit();
  tracker.settle(1);
  expect(tracker.settleParking(10).map((it) => it.offset)).toEqual([2]);
  tracker.commit();
  expect(tracker.floor).toBe(3);
});
