import type { EventIdentity } from "./partition-of.ts";

/** The order that a consumer keeps: of the events of a key, or of all events of a partition. */
export type Ordering = "key" | "topic";

/**
 * The name of an event's sequence within its topic, as `parked_event.sequence` holds it: `k` and the key, `o` and the
 * offset of an event without a key, `p` and the partition where the order is the topic's.
 */
export function sequenceName(event: EventIdentity, { ordering, partition }: SequenceRule): string {
  if (ordering === "topic") return `p${partition}`;
  return event.key === null ? `o${event.offset}` : `k${event.key}`;
}

export interface SequenceRule {
  readonly ordering: Ordering;
  /** The partition of the event. */
  readonly partition: number;
}

/**
 * Blocked sequences that one member may hold; with more it is given nothing new. Each is kept in memory (about 300 bytes),
 * and who has that many failures gains nothing by parking more.
 */
export const MAX_SEQUENCES = 100_000;
