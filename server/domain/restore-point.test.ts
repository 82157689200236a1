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
          replayed: fc.array(fc.tuple(offset, offset), { maxLength: 2 }),
        })
        .map(({ position, ahead, replayed }) => {
          const settled = new OffsetRanges();
          for (const [a, b] of ahead) settled.add(position + 1 + Math.min(a, b), position + 1 + Math.max(a, b));
          const replays = new OffsetRanges(replayed.map(([a, b]) => [Math.min(a, b), Math.max(a, b)]));
          return { partition, position, settled, replays };
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
  const after = before.map((it) => moveCursor(it, { ...move, priorReach: 0 }));
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
        priorReach: 0,
      });
      expect(plain(restored.cursors)).toEqual(plain(before));
      expect(restored.priorLayout).toBeNull();
    }),
  );
});

test("an undo leads to the same positions, whatever was settled meanwhile, and marks every repeat as a replay", () => {
  fc.assert(
    fc.property(cursorsOf(PARTITIONS), moves, fc.integer({ min: 0, max: MAX }), (before, move, more) => {
      const { after, point } = changed(before, move);
      const now = after.map((it) => moveCursor(it, { to: it.position + more, isBack: false, priorReach: 0 }));
      const { cursors } = restoreCursors(point, {
        topicId: 1,
        layout: 1,
        partitions: PARTITIONS,
        cursors: now,
        priorReach: 0,
      });
      expect(cursors.map((it) => it.position)).toEqual(before.map((it) => it.position));
      cursors.forEach((cursor, i) => {
        const [was, left, is] = [before[i], after[i], now[i]];
        if (was === undefined || left === undefined || is === undefined) throw new Error("a partition is missing");
        for (let at = cursor.position + 1; at <= is.position; at++) {
          const wasSkipped = at <= left.position || was.settled.has(at);
          const isRepeat = !wasSkipped && !cursor.settled.has(at);
          if (isRepeat) expect(cursor.replays.has(at)).toBe(true);
        }
      });
    }),
  );
});

test("what was settled beyond a skip stays settled, unless parked events or state are put back with the position", () => {
  const before: PartitionCursor[] = [
    { partition: 0, position: 6, settled: new OffsetRanges(), replays: new OffsetRanges() },
  ];
  const now: PartitionCursor[] = [
    { partition: 0, position: 110, settled: new OffsetRanges([[115, 116]]), replays: new OffsetRanges() },
  ];
  const undo = (more: Partial<RestorePoint>) =>
    plain(
      restoreCursors(changed(before, { to: 100, isBack: false }, { partitions: 1, ...more }).point, {
        topicId: 1,
        layout: 1,
        partitions: 1,
        cursors: now,
        priorReach: 0,
      }).cursors,
    );
  expect(undo({})[0]).toMatchObject({
    position: 6,
    settled: [
      [101, 110],
      [115, 116],
    ],
    replays: [],
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
        replays: new OffsetRanges(),
      }));
      const restored = restoreCursors(point, { topicId: 1, layout: 2, partitions, cursors, priorReach: 0 });
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

test("with another number of partitions by now, what comes again is marked as a replay, unless it had been skipped", () => {
  const cursor = (position: number): PartitionCursor[] => [
    { partition: 0, position, settled: new OffsetRanges(), replays: new OffsetRanges() },
  ];
  const undo = (move: { to: number; isBack: boolean }, now: { position: number; priorReach: number }) => {
    const [it] = restoreCursors(changed(cursor(4), move, { partitions: 1 }).point, {
      topicId: 1,
      layout: 2,
      partitions: 1,
      cursors: cursor(now.position),
      priorReach: now.priorReach,
    }).cursors;
    return { position: it?.position, replays: [...(it?.replays ?? [])] };
  };
  expect(undo({ to: 0, isBack: true }, { position: 9, priorReach: 0 })).toEqual({ position: 4, replays: [[1, 9]] });
  // Moved nowhere, and left behind by another layout that had come further than the one of now.
  expect(undo({ to: 4, isBack: false }, { position: 6, priorReach: 12 })).toMatchObject({ replays: [[1, 12]] });
  expect(undo({ to: 20, isBack: false }, { position: 30, priorReach: 0 })).toMatchObject({ replays: [] });
});
