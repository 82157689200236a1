import { type Coverage, coverageEdges, covers, type HashedOffset } from "./coverage.ts";
import type { EventFilter } from "./event-filter.ts";
import type { OffsetRange, OffsetRanges } from "./offset-ranges.ts";

/** What a position change did to one topic. */
export interface PastChange {
  readonly id: string;
  readonly actor: string;
  /** What was covered before: by the cursors, and by those of earlier layouts. */
  readonly before: readonly Coverage[];
  /** What the cursors covered right after. */
  readonly after: Coverage;
  /** It took at least one cursor back. Earlier layouts count no more after it. */
  readonly isBack: boolean;
  /** Were parked, and nobody had handled them, until it cleared them. */
  readonly cleared: OffsetRanges;
  /** Of then; undefined = not known. */
  readonly filter?: EventFilter;
}

/**
 * Position changes, oldest first, without those that were undone and their undoes: together they changed nothing. An undo
 * of an undo does the change again, and stays.
 */
export function withoutUndone<Change extends { readonly id: string; readonly undoOf: string | null }>(
  changes: readonly Change[],
): Change[] {
  const left: Change[] = [];
  for (const change of changes) {
    // Only the newest change can be undone.
    if (change.undoOf !== null && left.at(-1)?.id === change.undoOf) left.pop();
    else left.push(change);
  }
  return left;
}

/** How a consumer came to stand where it stands in one topic. */
export interface PositionHistory {
  /** Events up to here were never meant for it. */
  readonly beganAfter: number;
  /** Oldest first. */
  readonly changes: readonly PastChange[];
  /** What is covered now: by the cursors, and by those of earlier layouts. */
  readonly now: readonly Coverage[];
}

/**
 * How an offset stands: not covered (`open`); covered because the flow came past it (`passed`), as of what is handled or
 * filtered; covered since the beginning; or by a position change that went past it or cleared it, which is then given.
 */
export type Standing = "open" | "passed" | "before-start" | PastChange;

const isCovered = (by: readonly Coverage[], event: HashedOffset): boolean => by.some((it) => covers(it, event));

/**
 * Follows an offset through the changes. What becomes covered between two of them was passed by the flow, what a change
 * covers is skipped by it, each until another change uncovers it. What was handled is not asked here: it stays handled
 * whatever changes do.
 */
export function standingOf({ beganAfter, changes, now }: PositionHistory, event: HashedOffset): Standing {
  let standing: Standing = event.offset <= beganAfter ? "before-start" : "open";
  for (const change of changes) {
    const wasCovered = isCovered(change.before, event);
    if (wasCovered && standing === "open") standing = "passed";
    if (covers(change.after, event)) {
      if (!wasCovered || change.cleared.has(event.offset)) standing = change;
    } else if (!wasCovered || change.isBack) {
      standing = "open";
    }
  }
  if (!isCovered(now, event)) return "open";
  return standing === "open" ? "passed" : standing;
}

/** Where how offsets stand may change, and where it depends on their partitions. */
export function standingEdges({ beganAfter, changes, now }: PositionHistory): {
  readonly starts: readonly number[];
  readonly mixed: readonly OffsetRange[];
} {
  const edges = [...now, ...changes.flatMap((it) => [...it.before, it.after])].map(coverageEdges);
  const starts = [beganAfter + 1, ...edges.flatMap((it) => it.starts)];
  for (const { cleared } of changes) for (const [from, to] of cleared) starts.push(from, to + 1);
  return { starts, mixed: edges.flatMap((it) => (it.mixed === null ? [] : [it.mixed])) };
}
