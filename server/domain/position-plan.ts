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

export interface Move {
  readonly from: number;
  readonly to: number;
}

export type Direction = "back" | "forward" | "none";

export function directionOf({ from, to }: Move): Direction {
  if (to < from) return "back";
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
}

/**
 * What a plan's token stands for. It covers what makes the preview meaningless when it changes: the layout, the topics
 * and their filters, and any other position change. It leaves out what changes all the time under a running consumer
 * and is taken anew at applying: positions, head, epochs and members. `doesAsPlanned` watches over those.
 */
export function planSubjectText(subject: PlanSubject): string {
  const subscriptions = [...subject.subscriptions]
    .sort((a, b) => a.topicId - b.topicId)
    .map(({ topicId, filter }) => [topicId, filter.types ?? null, filter.keys ?? null, filter.keyPrefix ?? null]);
  return JSON.stringify([subject.consumerId, subject.layout, subscriptions, subject.lastChange]);
}
