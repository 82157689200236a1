import fc from "fast-check";
import { expect, test } from "vitest";
import { isSettledBefore, type PartitionCursor } from "./layout.ts";
import { OffsetRanges } from "./offset-ranges.ts";
import { partitionOf } from "./partition-of.ts";
import { moveCursor } from "./position-move.ts";
import { type RestorePoint, restoreCursors, savedCursor } from "./restore-point.ts";

const PARTITIONS = 3;
const MAX = 60;
const offset = fc.integer({ min: 1, max: MAX });
const cursorsOf = (partitions: number): fc.Arbitrary<PartitionCursor[]> =>
  fc.tuple(
    ...Array.from({ length: partitions }, (_, partition) =>
      fc
        .record({
          position: fc.integer({ min: 0, max: MAX }),
          ahead: fc.array(fc.tuple(offset, offset), { maxLength: 3 }),
        })
        .map(({ position, ahead }) => {
          const settled = new OffsetRanges();
          for (const [a, b] of ahead) settled.add(position + 1 + Math.min(a, b), position + 1 + Math.max(a, b));
          return { partition, position, settled };
        }),
    ),
  );
const moves = fc.record({ to: fc.integer({ min: 0, max: 2 * MAX }), isBack: fc.boolean() });
const plain = (cursors: readonly PartitionCursor[]) => cursors.map((it) => savedCursor({ ...it, topicId: 1 }));

function changed(
  before: readonly PartitionCursor[],
  move: { to: number; isBack: boolean },
  more?: Partial<RestorePoint>,
) {
  const after = before.map((it) => moveCursor(it, { ...move }));
  const point: RestorePoint = {
    layout: 1,
    partitions: PARTITIONS,
    cursors: plain(before),
    after: plain(after),
    priorLayouts: [],
    parked: "none",
    state: false,
    ...more,
  };
  return { after, point };
}

test("an undo at once leads back exactly, whatever the move was", () => {
  fc.assert(
    fc.property(cursorsOf(PARTITIONS), moves, (before, move) => {
      const { after, point } = changed(before, move);
      const restored = restoreCursors(point, {
        topicId: 1,
        layout: 1,
        partitions: PARTITIONS,
        cursors: after,
      });
      expect(plain(restored.cursors)).toEqual(plain(before));
      expect(restored.priorLayout).toBeNull();
    }),
  );
});

test("an undo leads to the same positions, whatever was settled meanwhile", () => {
  fc.assert(
    fc.property(cursorsOf(PARTITIONS), moves, fc.integer({ min: 0, max: MAX }), (before, move, more) => {
      const { after, point } = changed(before, move);
      const now = after.map((it) => moveCursor(it, { to: it.position + more, isBack: false }));
      const { cursors } = restoreCursors(point, {
        topicId: 1,
        layout: 1,
        partitions: PARTITIONS,
        cursors: now,
      });
      expect(cursors.map((it) => it.position)).toEqual(before.map((it) => it.position));
    }),
  );
});

test("what was settled beyond a skip stays settled, unless parked events or state are put back with the position", () => {
  const before: PartitionCursor[] = [{ partition: 0, position: 6, settled: new OffsetRanges() }];
  const now: PartitionCursor[] = [{ partition: 0, position: 110, settled: new OffsetRanges([[115, 116]]) }];
  const undo = (more: Partial<RestorePoint>) =>
    plain(
      restoreCursors(changed(before, { to: 100, isBack: false }, { partitions: 1, ...more }).point, {
        topicId: 1,
        layout: 1,
        partitions: 1,
        cursors: now,
      }).cursors,
    );
  expect(undo({})[0]).toMatchObject({
    position: 6,
    settled: [
      [101, 110],
      [115, 116],
    ],
  });
  expect(undo({ state: true })[0]).toMatchObject({ position: 6, settled: [] });
  expect(undo({ parked: "replaced" })[0]).toMatchObject({ position: 6, settled: [] });
});

test("with another number of partitions by now, exactly what was covered then is covered after the undo", () => {
  const keys = fc.array(fc.constantFrom("a", "b", "c", "d", "e", null), { minLength: 3 * MAX, maxLength: 3 * MAX });
  fc.assert(
    fc.property(cursorsOf(PARTITIONS), fc.integer({ min: 1, max: 5 }), keys, (before, partitions, keyed) => {
      const { point } = changed(before, { to: 0, isBack: true });
      const cursors = Array.from({ length: partitions }, (_, partition) => ({
        partition,
        position: 0,
        settled: new OffsetRanges(),
      }));
      const restored = restoreCursors(point, { topicId: 1, layout: 2, partitions, cursors });
      const prior = restored.priorLayout === null ? [] : [restored.priorLayout];
      keyed.forEach((key, i) => {
        const event = { key, offset: i + 1 };
        const old = before[partitionOf(event, PARTITIONS)];
        const is = restored.cursors[partitionOf(event, partitions)];
        const wasCovered = old !== undefined && (event.offset <= old.position || old.settled.has(event.offset));
        const isCovered = is !== undefined && event.offset <= is.position;
        expect(isCovered || isSettledBefore(prior, event)).toBe(wasCovered);
      });
    }),
  );
});
