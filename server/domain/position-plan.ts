import type { EventFilter } from "./event-filter.ts";

/** Where a topic begins and ends. */
export interface TopicExtent {
  /** First offset still retained. */
  readonly tail: number;
  readonly head: number;
}

/** The position after which a given offset comes next, within what the topic holds. */
export function positionBefore(offset: number, { tail, head }: TopicExtent): number {
  return Math.min(Math.max(offset, tail) - 1, Math.max(head, tail - 1));
}

/** A target, once what it takes from a clock or from other consumers is known. */
export type Place =
  | { readonly kind: "earliest" }
  | { readonly kind: "latest" }
  /** The event at `offset` comes next. */
  | { readonly kind: "before"; readonly offset: number }
  | { readonly kind: "position"; readonly position: number }
  | { readonly kind: "shift"; readonly from: number; readonly by: number };

/** The position that a place means in a topic, within what the topic holds. */
export function positionOf(place: Place, extent: TopicExtent): number {
  switch (place.kind) {
    case "earliest":
      return positionBefore(1, extent);
    case "latest":
      return Math.max(extent.head, extent.tail - 1);
    case "before":
      return positionBefore(place.offset, extent);
    case "position":
      return positionBefore(place.position + 1, extent);
    case "shift":
      return positionBefore(place.from + place.by + 1, extent);
  }
}

export interface Move {
  readonly from: number;
  readonly to: number;
  /** Events that it delivers again; partitions ahead of `from` may have some even where `to` equals `from`. */
  readonly rerun?: number;
}

export type Direction = "back" | "forward" | "none";

export function directionOf({ from, to, rerun = 0 }: Move): Direction {
  if (to < from || (to === from && rerun > 0)) return "back";
  return to > from ? "forward" : "none";
}

/**
 * Whether a planned move still does what its preview showed, although the consumer has moved since. That it has moved
 * alone does not matter: a running consumer always does. But a skip must never have become a repeat, nor the other way
 * round.
 */
export function doesAsPlanned(planned: Move, now: Move): boolean {
  const was = directionOf(planned);
  const is = directionOf(now);
  return is === "back" ? was === "back" : is === "none" || was !== "back";
}

export interface PlanSubject {
  readonly consumerId: number;
  readonly layout: number;
  readonly subscriptions: readonly { readonly topicId: number; readonly filter: EventFilter }[];
  /** Id of the consumer's last position change. */
  readonly lastChange: string | null;
  /** The plan's actions on parked events and state entries. */
  readonly parked: string;
  readonly state: string;
}

/**
 * What a plan's token stands for. It covers what makes the preview meaningless when it changes: the layout, the topics
 * and their filters, what is done to parked events and state, and any other position change. It leaves out what changes all the time under a running consumer
 * and is taken anew at applying: positions, head, epochs and members. `doesAsPlanned` watches over those.
 */
export function planSubjectText(subject: PlanSubject): string {
  const subscriptions = [...subject.subscriptions]
    .sort((a, b) => a.topicId - b.topicId)
    .map(({ topicId, filter }) => [topicId, filter.types ?? null, filter.keys ?? null, filter.keyPrefix ?? null]);
  const { consumerId, layout, lastChange, parked, state } = subject;
  return JSON.stringify([consumerId, layout, subscriptions, lastChange, parked, state]);
}
