import { type EventFilter, passes } from "./event-filter.ts";
import type { HandledBefore } from "./handled-before.ts";
import { sequenceHash } from "./partition-of.ts";
import { type PastChange, type PositionHistory, standingOf } from "./position-history.ts";

/** All that is known of what a consumer has done in one topic, but for what is parked, in flight or expired. */
export interface TopicPast {
  readonly history: PositionHistory;
  /** All that it ever handled. */
  readonly handled: HandledBefore;
  /** Of now. */
  readonly filter: EventFilter;
}

/** What has to be known of an event to tell what became of it. */
export interface PastEvent {
  readonly offset: number;
  readonly key: string | null;
  readonly type: string;
}

/** What became of an event. A position change: that went past it, or cleared it. */
export type PastClass = "settled" | "filtered" | "before-start" | "open" | PastChange;

/**
 * What became of an event that is neither parked nor expired. What was handled is settled, unless it is to be delivered
 * again; of all other events it counts how they were passed, by the filter of then.
 */
export function pastClassOf(past: TopicPast, event: PastEvent): PastClass {
  const { history, handled, filter } = past;
  const standing = standingOf(history, hashed(event));
  if (standing === "open" && passes(filter, event)) return "open";
  if (handled.has(event)) return "settled";
  switch (standing) {
    case "open":
      return "filtered";
    case "before-start":
      return "before-start";
    case "passed":
      // What no filter that is known excludes was there before: a copy begins with what its source had come past.
      return knownFilters(past).every((it) => passes(it, event)) ? "before-start" : "filtered";
    default:
      return passes(standing.filter ?? filter, event) ? standing : "filtered";
  }
}

/** Whether no position has come past the event. */
export const isOpen = ({ history }: TopicPast, event: PastEvent): boolean =>
  standingOf(history, hashed(event)) === "open";

const hashed = (event: PastEvent) => ({ offset: event.offset, hash: sequenceHash(event) });

function knownFilters({ history, handled, filter }: TopicPast): EventFilter[] {
  return [
    filter,
    ...handled.layers.map((it) => it.filter),
    ...history.changes.flatMap((it) => (it.filter === undefined ? [] : [it.filter])),
  ];
}
