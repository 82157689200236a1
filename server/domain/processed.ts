import { isSettledBefore, type PriorLayout } from "./layout.ts";
import { partitionOf } from "./partition-of.ts";

/** All that is needed to tell whether a consumer has processed one event, of one instant. */
export interface ProcessedFacts {
  readonly offset: number;
  readonly partitions: number;
  /** Undefined: the event is not there, because it is not published yet or retention has taken it. */
  readonly key: string | null | undefined;
  /** The partitions whose cursor covers the offset: it is at or under the position, or settled above it. */
  readonly covering: readonly number[];
  readonly priorLayouts: readonly PriorLayout[];
  /** `rerun`: parked by a replay and not failed since, so that it is told by the cursors like any other. */
  readonly parked: "no" | "yes" | "rerun";
  /** Retention took it before it was settled. */
  readonly isExpired: boolean;
}

/**
 * Whether the positions have come past the event and it is not parked: covered by the cursor of its partition, in this
 * layout or an earlier one. Whether it was handled, or a position change has skipped it, is not asked here. Of an event
 * that is gone the partition is unknown, so every partition has to cover it.
 */
export function isPassed(facts: ProcessedFacts): boolean {
  const { offset, partitions, key, covering } = facts;
  if (facts.parked === "yes" || facts.isExpired) return false;
  if (key === undefined) return covering.length >= partitions;
  return (
    covering.includes(partitionOf({ key, offset }, partitions)) || isSettledBefore(facts.priorLayouts, { key, offset })
  );
}
