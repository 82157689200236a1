import { isSettledBefore, type PartitionCursor, type PriorLayout } from "./layout.ts";
import { OffsetRanges } from "./offset-ranges.ts";
import { partitionOf } from "./partition-of.ts";
import type { RestorePoint } from "./restore-point.ts";

/** A position change as history keeps it. */
export interface PastChange {
  readonly id: string;
  readonly undoOf: string | null;
  readonly restore: RestorePoint;
}

interface Keyed {
  readonly key: string | null;
  readonly offset: number;
}

/**
 * Tells, for the events of one topic, by which position change each was skipped: passed over without ever having been
 * delivered, null = by none. Changes oldest first. A later move back over the event, or the undo of the change, takes
 * that back; an undo of the undo brings it about again. What was settled or parked before is not skipped by anything.
 */
export function skips(history: readonly PastChange[], topicId: number): (event: Keyed) => string | null {
  const changes = history
    .filter((it) => it.restore.cursors.some((cursor) => cursor.topicId === topicId))
    .map(({ id, undoOf, restore }) => ({
      id,
      undoOf,
      before: coverage(restore, restore.cursors, topicId),
      // A move forward keeps the earlier layouts, and a move back that lets go of them covers nothing of theirs.
      after: coverage({ ...restore, priorLayouts: [] }, restore.after, topicId),
    }));
  return (event) => {
    const skippedBefore = new Map<string, string | null>();
    let skippedBy: string | null = null;
    for (const change of changes) {
      skippedBefore.set(change.id, skippedBy);
      if (change.undoOf !== null && skippedBefore.has(change.undoOf)) {
        skippedBy = skippedBefore.get(change.undoOf) ?? null;
      } else if (!change.after(event)) {
        skippedBy = null;
      } else if (!change.before(event)) {
        skippedBy = change.id;
      }
    }
    return skippedBy;
  };
}

/** The offsets outside of which no event of the topic can have been skipped. */
export function skipCandidates(history: readonly PastChange[], topicId: number): OffsetRanges {
  const ranges = new OffsetRanges();
  for (const { restore, undoOf } of history) {
    if (undoOf !== null) continue;
    const positions = restore.cursors.filter((it) => it.topicId === topicId).map((it) => it.position);
    const targets = restore.after.filter((it) => it.topicId === topicId).map((it) => it.position);
    if (positions.length > 0 && targets.length > 0) ranges.add(Math.min(...positions) + 1, Math.max(...targets));
  }
  return ranges;
}

function coverage(
  { partitions, priorLayouts }: Pick<RestorePoint, "partitions" | "priorLayouts">,
  saved: RestorePoint["cursors"],
  topicId: number,
): (event: Keyed) => boolean {
  const cursors = new Map<number, Pick<PartitionCursor, "position" | "settled">>();
  for (const it of saved) {
    if (it.topicId === topicId) cursors.set(it.partition, { ...it, settled: new OffsetRanges(it.settled) });
  }
  const layouts: PriorLayout[] = priorLayouts
    .filter((it) => it.topicId === topicId)
    .map((it) => ({
      ...it,
      cursors: new Map(it.cursors.map((c) => [c.partition, { ...c, settled: new OffsetRanges(c.settled) }])),
    }));
  return (event) => {
    const cursor = cursors.get(partitionOf(event, partitions));
    if (cursor !== undefined && (event.offset <= cursor.position || cursor.settled.has(event.offset))) return true;
    return isSettledBefore(layouts, event);
  };
}
