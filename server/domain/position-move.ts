import type { PartitionCursor, PriorLayout } from "./layout.ts";
import { isSettledBefore } from "./layout.ts";
import { OffsetRanges } from "./offset-ranges.ts";
import { partitionOf } from "./partition-of.ts";

/** Where one topic's cursors are moved to. Back: every partition; forward: those that are not there yet. */
export interface CursorMove {
  readonly to: number;
  readonly isBack: boolean;
}

/**
 * A cursor after a move. A move back has all of its partitions begin at `to`. A move forward never repeats: a partition
 * that is further stays, and what was settled above the new position stays settled.
 */
export function moveCursor<Cursor extends PartitionCursor>(cursor: Cursor, { to, isBack }: CursorMove): Cursor {
  if (isBack) return { ...cursor, position: to, settled: new OffsetRanges() };
  if (cursor.position >= to) return cursor;
  let position = to;
  const settled = new OffsetRanges();
  for (const [from, through] of cursor.settled) {
    if (through <= position) continue;
    // The position is the contiguous floor: what touches it belongs to it.
    if (from <= position + 1) position = through;
    else settled.add(from, through);
  }
  return { ...cursor, position, settled };
}

type Keyed = { readonly key: string | null; readonly offset: number };

/** How many of the events the consumer has settled or passed over, and the last of those; 0 when there is none. */
export function countCovered(
  events: Iterable<Keyed>,
  by: {
    readonly partitions: number;
    readonly cursors: readonly PartitionCursor[];
    readonly priorLayouts: readonly PriorLayout[];
  },
): { count: number; last: number } {
  const cursors = new Map(by.cursors.map((it) => [it.partition, it]));
  let count = 0;
  let last = 0;
  for (const event of events) {
    const cursor = cursors.get(partitionOf(event, by.partitions));
    const isCovered = cursor !== undefined && (event.offset <= cursor.position || cursor.settled.has(event.offset));
    if (!isCovered && !isSettledBefore(by.priorLayouts, event)) continue;
    count += 1;
    last = Math.max(last, event.offset);
  }
  return { count, last };
}

/**
 * About how many offsets after one up to another are settled or passed over, when keys are spread evenly: what stands
 * in for `countCovered` where there are too many events to look at.
 */
export function estimateCovered(
  { after, through }: { readonly after: number; readonly through: number },
  cursors: readonly PartitionCursor[],
): number {
  let offsets = 0;
  for (const { position, settled } of cursors) {
    offsets += Math.max(0, Math.min(position, through) - after);
    for (const [from, to] of settled) offsets += Math.max(0, Math.min(to, through) - Math.max(from - 1, after));
  }
  return Math.round(offsets / Math.max(1, cursors.length));
}
