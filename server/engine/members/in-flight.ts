import type { HeldPartition } from "../partitions/held-partition.ts";

/** A delivery that is in the hands of a member. */
export interface InFlightDelivery {
  readonly topicId: number;
  readonly partition: number;
  readonly offset: number;
  /** Null: it is in flight at another instance. */
  readonly attempt: number | null;
  readonly member: string;
}

export function inFlightOf(partitions: Iterable<HeldPartition>): InFlightDelivery[] {
  return [...partitions].flatMap((held) =>
    [...held.inFlightDeliveries()].map((it) => ({ ...it, partition: held.partition, member: held.member })),
  );
}
