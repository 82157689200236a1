import type { OffsetRanges } from "./offset-ranges.ts";
import { partitionOf } from "./partition-of.ts";

export interface PartitionCursor {
  readonly partition: number;
  readonly position: number;
  readonly settled: OffsetRanges;
}

/** What an earlier number of partitions had settled in one topic, kept until every new position has passed it. */
export interface PriorLayout {
  readonly topicId: number;
  readonly layout: number;
  readonly partitions: number;
  /** By partition. */
  readonly cursors: ReadonlyMap<number, Pick<PartitionCursor, "position" | "settled">>;
  /** Above this offset it had settled nothing. */
  readonly endsAt: number;
}

/** True when an earlier layout of the consumer had settled the event, though its partition then was another. */
export function isSettledBefore(
  layouts: readonly PriorLayout[],
  event: { readonly key: string | null; readonly offset: number },
): boolean {
  for (const layout of layouts) {
    if (event.offset > layout.endsAt) continue;
    const cursor = layout.cursors.get(partitionOf(event, layout.partitions));
    if (cursor !== undefined && (event.offset <= cursor.position || cursor.settled.has(event.offset))) return true;
  }
  return false;
}

export interface Relayout {
  /** Where every new partition starts: nothing below it is unsettled in any old one. */
  readonly floor: number;
  readonly endsAt: number;
}

/** What a change of the number of partitions makes of one topic's cursors. */
export function relayout(cursors: readonly PartitionCursor[]): Relayout {
  return {
    floor: Math.min(...cursors.map((it) => it.position)),
    endsAt: Math.max(...cursors.map((it) => Math.max(it.position, it.settled.last))),
  };
}
