import fc from "fast-check";
import { expect, test } from "vitest";
import type { PartitionCursor } from "./layout.ts";
import { OffsetRanges } from "./offset-ranges.ts";
import { partitionOf } from "./partition-of.ts";
import { moveCursor } from "./position-move.ts";
import { type PastChange, skipCandidates, skips } from "./position-skips.ts";
import { restoreCursors, savedCursor } from "./restore-point.ts";

const PARTITIONS = 2;
const MAX = 40;
const EVENTS = Array.from({ length: MAX }, (_, i) => ({ key: `k${i % 7}`, offset: i + 1 }));

/** A consumer as it would be: what it has settled in truth, and what its cursors say. */
class Model {
  cursors: PartitionCursor[] = [0, 1].map((partition) => ({
    partition,
    position: 0,
    settled: new OffsetRanges(),
    replayUntil: 0,
  }));
  readonly history: PastChange[] = [];
  /** By offset: the change that skipped it. */
  skipped = new Map<number, string>();
  readonly #before = new Map<string, Map<number, string>>();

  covers({ key, offset }: { key: string; offset: number }, cursors = this.cursors): boolean {
    const cursor = cursors[partitionOf({ key, offset }, PARTITIONS)];
    return cursor !== undefined && (offset <= cursor.position || cursor.settled.has(offset));
  }

  settle(count: number): void {
    this.cursors = this.cursors.map((it) =>
      moveCursor(it, { to: Math.min(MAX, it.position + count), isBack: false, priorReach: 0 }),
    );
  }

  move(to: number): void {
    const isBack = to <= Math.min(...this.cursors.map((it) => it.position));
    const before = this.cursors;
    this.#record(
      null,
      before.map((it) => moveCursor(it, { to, isBack, priorReach: 0 })),
    );
    for (const event of EVENTS) {
      if (!this.covers(event)) this.skipped.delete(event.offset);
      else if (!this.covers(event, before)) this.skipped.set(event.offset, this.history.at(-1)?.id ?? "");
    }
  }

  undo(): void {
    const newest = this.history.at(-1);
    if (newest === undefined) return;
    const now = { topicId: 1, layout: 1, partitions: PARTITIONS, cursors: this.cursors };
    this.#record(newest.id, [...restoreCursors(newest.restore, now).cursors]);
    this.skipped = new Map(this.#before.get(newest.id));
  }

  #record(undoOf: string | null, after: PartitionCursor[]): void {
    const id = `c${this.history.length + 1}`;
    this.#before.set(id, new Map(this.skipped));
    const save = (cursors: readonly PartitionCursor[]) => cursors.map((it) => savedCursor({ ...it, topicId: 1 }));
    const restore = {
      layout: 1,
      partitions: PARTITIONS,
      cursors: save(this.cursors),
      after: save(after),
      priorLayouts: [],
      parked: "none" as const,
      state: false,
    };
    this.history.push({ id, undoOf, restore });
    this.cursors = after;
  }
}

const commands = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("settle" as const), by: fc.integer({ min: 1, max: 10 }) }),
    fc.record({ kind: fc.constant("move" as const), by: fc.integer({ min: 0, max: MAX }) }),
    fc.record({ kind: fc.constant("undo" as const), by: fc.constant(0) }),
  ),
  { maxLength: 12 },
);

test("whatever is moved and undone, each event is skipped by the change that passed it over last, or by none", () => {
  fc.assert(
    fc.property(commands, (all) => {
      const model = new Model();
      for (const { kind, by } of all) model[kind](by);
      const skippedBy = skips(model.history, 1);
      const candidates = skipCandidates(model.history, 1);
      for (const event of EVENTS) {
        expect(skippedBy(event)).toBe(model.skipped.get(event.offset) ?? null);
        if (model.skipped.has(event.offset)) expect(candidates.has(event.offset)).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

test("a topic that was never moved has nothing skipped", () => {
  expect(skips([], 2)({ key: null, offset: 1 })).toBeNull();
});
