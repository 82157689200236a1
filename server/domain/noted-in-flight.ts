import { type OffsetRange, OffsetRanges } from "./offset-ranges.ts";
import type { PartitionFlow } from "./partition-flow.ts";

/** What the holder of a partition notes of one topic, for the instance that may take its session over. */
export interface NotedFlow {
  /** Nothing up to here comes to be in flight any more, what is parked excepted. */
  readonly scanned: number;
  /** With the member; both ends included. */
  readonly ranges: readonly OffsetRange[];
}

export function noteOf(flow: Pick<PartitionFlow<never>, "deliveredThrough" | "inFlightDeliveries">): NotedFlow {
  const ranges = new OffsetRanges();
  for (const { offset } of flow.inFlightDeliveries()) ranges.add(offset, offset);
  return { scanned: flow.deliveredThrough, ranges: [...ranges] };
}

/** What can have been delivered to the session by now: what was in flight then, and all that may have become that. */
export function assumedFrom(noted: NotedFlow | undefined, head: number): OffsetRanges {
  return new OffsetRanges([...(noted?.ranges ?? []), [(noted?.scanned ?? 0) + 1, head]]);
}
