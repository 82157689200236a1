import { isSettledBefore, type PriorLayout } from "./layout.ts";
import type { OffsetRanges } from "./offset-ranges.ts";
import { type EventIdentity, partitionOf } from "./partition-of.ts";

/** A partition that no member holds, as it stands in one topic. */
export interface FreePartition {
  readonly partition: number;
  readonly position: number;
  /** Settled above the position. */
  readonly settled: OffsetRanges;
  /** Of a topic-ordered consumer, its first parked event; nothing is passed from there on. Null = none. */
  readonly closedAt: number | null;
}

/** A part of a topic that was looked at. */
export interface LookedAt {
  /** Exclusive. */
  readonly after: number;
  readonly through: number;
  /** The events of it that pass the filter, ascending. */
  readonly events: readonly EventIdentity[];
}

export interface Passed {
  readonly partition: number;
  /** Up to here the filter leaves out everything that a member has not settled; the position, where that is none. */
  readonly through: number;
  /** Only a member, or an operator, brings it further. */
  readonly isBlocked: boolean;
}

/**
 * How far partitions may go without a member: past what the filter leaves out, what is another partition's, and what was
 * settled, and up to the first event that a member has to be given.
 */
export function passFiltered(
  free: readonly FreePartition[],
  of: { readonly partitions: number; readonly prior: readonly PriorLayout[]; readonly lookedAt: LookedAt },
): Passed[] {
  const { after, through, events } = of.lookedAt;
  const stops = new Map<number, number>();
  const byPartition = new Map(free.map((it) => [it.partition, it]));
  for (const event of events) {
    const partition = partitionOf(event, of.partitions);
    const found = byPartition.get(partition);
    if (found === undefined || stops.has(partition)) continue;
    if (event.offset <= found.position || found.settled.has(event.offset) || isSettledBefore(of.prior, event)) continue;
    stops.set(partition, event.offset);
  }
  return free.map(({ partition, position, closedAt }) => {
    // What lies between was not looked at.
    if (position < after) return { partition, through: position, isBlocked: false };
    const stop = Math.min(stops.get(partition) ?? through + 1, closedAt ?? through + 1);
    return { partition, through: Math.max(position, stop - 1), isBlocked: stop <= through };
  });
}
