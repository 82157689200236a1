import type { EventFilter } from "./event-filter.ts";
import { type PartitionCursor, type PriorLayout, relayout } from "./layout.ts";
import { type OffsetRange, OffsetRanges } from "./offset-ranges.ts";

/** A cursor as JSON. */
export interface SavedCursor {
  readonly topicId: number;
  readonly partition: number;
  readonly position: number;
  /** Settled above the position; both ends included. */
  readonly settled: readonly OffsetRange[];
}

/** An earlier layout as JSON. */
export interface SavedLayout extends Pick<PriorLayout, "topicId" | "layout" | "partitions" | "endsAt"> {
  readonly cursors: readonly Pick<SavedCursor, "partition" | "position" | "settled">[];
}

/**
 * What a position change found and what it left behind, of the topics that it moved (`position_change.restore`). What
 * it skipped follows from it: per topic and partition, the offsets that `after` covers (up to its position, or settled
 * above it) and `cursors` and `priorLayouts` do not. A later change that leaves them uncovered, or undoes this one,
 * takes that back.
 */
export interface RestorePoint {
  readonly layout: number;
  /** How many partitions that layout has: an event's is `hash mod partitions`. */
  readonly partitions: number;
  /** As they were before. */
  readonly cursors: readonly SavedCursor[];
  /** As the change made them. */
  readonly after: readonly SavedCursor[];
  /** As they were before. */
  readonly priorLayouts: readonly SavedLayout[];
  /**
   * Whether the parked events of the topics are saved as they were (`position_change_restore`), and why: `kept`, because
   * a move back has their keys' events run again among them; `replaced`, because the change did something to them all.
   */
  readonly parked: "none" | "kept" | "replaced";
  /** Whether the state entries are saved. */
  readonly state: boolean;
  /** What the consumer let through of the topics then: whom the change skipped. Missing in those from before that. */
  readonly filters?: readonly { readonly topicId: number; readonly filter: EventFilter }[];
}

export const savedCursor = <Cursor extends PartitionCursor & { readonly topicId: number }>({
  topicId,
  partition,
  position,
  settled,
}: Cursor): SavedCursor => ({ topicId, partition, position, settled: [...settled] });

export interface Restored {
  readonly cursors: readonly PartitionCursor[];
  /** Set when the consumer has another number of partitions by now. */
  readonly priorLayout: PriorLayout | null;
}

/**
 * What an undo makes of one topic's cursors.
 *
 * In the layout of the restore point, each cursor becomes exactly what it was. But where the change had moved a cursor
 * forward, what was settled beyond that since stays settled, unless `isWhole` says that parked events or state are put
 * back too: then only an exact repeat agrees with them.
 *
 * In another layout every partition starts at the lowest position that was saved, and the saved cursors become an
 * earlier layout, so that nothing they had settled is delivered again: just as if the number of partitions were changed
 * now.
 */
export function restoreCursors(
  point: RestorePoint,
  now: {
    readonly topicId: number;
    readonly layout: number;
    readonly partitions: number;
    readonly cursors: readonly PartitionCursor[];
  },
): Restored {
  const saved = point.cursors.filter((it) => it.topicId === now.topicId).map(cursorOf);
  const after = point.after.filter((it) => it.topicId === now.topicId).map(cursorOf);
  const isWhole = point.state || point.parked === "replaced";
  if (point.layout === now.layout) {
    const cursors = saved.map((old) =>
      restoreCursor(old, {
        after: after.find((it) => it.partition === old.partition),
        now: now.cursors.find((it) => it.partition === old.partition),
        isWhole,
      }),
    );
    return { cursors, priorLayout: null };
  }
  const { floor, endsAt } = relayout(saved);
  const cursors = Array.from({ length: now.partitions }, (_, partition) => ({
    partition,
    position: floor,
    settled: new OffsetRanges(),
  }));
  if (endsAt <= floor) return { cursors, priorLayout: null };
  const byPartition = new Map(saved.map((it) => [it.partition, it]));
  const { layout, partitions } = point;
  return { cursors, priorLayout: { topicId: now.topicId, layout, partitions, cursors: byPartition, endsAt } };
}

function restoreCursor(
  old: PartitionCursor,
  { after, now, isWhole }: { after: PartitionCursor | undefined; now: PartitionCursor | undefined; isWhole: boolean },
): PartitionCursor {
  if (after === undefined || now === undefined || after.position <= old.position || isWhole) return old;
  const settled = new OffsetRanges(old.settled);
  settled.add(after.position + 1, now.position);
  for (const [from, to] of now.settled) settled.add(from, to);
  return { ...old, settled };
}

/** The last offset that the cursor covers. */
export const reach = ({ position, settled }: Pick<PartitionCursor, "position" | "settled">): number =>
  Math.max(position, settled.last);

function cursorOf({ settled, ...cursor }: SavedCursor): PartitionCursor {
  return { ...cursor, settled: new OffsetRanges(settled) };
}
