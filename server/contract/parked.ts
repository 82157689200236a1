import { z } from "zod";
import { consumerName, freeText, label, offset, reason, topicName } from "./names.ts";

export const parkedState = z.enum(["retrying", "dead", "blocked", "discarded"]);
export type ParkedState = z.infer<typeof parkedState>;

/** A selection of parked events: those that pass every part that is given. */
export const parkedFilter = z.strictObject({
  state: parkedState.optional(),
  topic: topicName.optional(),
  key: label.optional(),
  fingerprint: freeText.min(1).max(64).optional(),
  type: label.optional(),
  /** With `topic`: exactly this event. */
  offset: offset.optional(),
});
export type ParkedFilter = z.infer<typeof parkedFilter>;

/** For a verb: an empty filter is refused, everything is asked for by `all`. */
export const parkedSelection = parkedFilter
  .extend({ all: z.literal(true).optional() })
  .refine((it) => Object.values(it).some((part) => part !== undefined), {
    message: 'an empty filter is refused; say {"all": true} for everything',
  })
  .refine((it) => it.offset === undefined || it.topic !== undefined, {
    message: "goes only with topic",
    path: ["offset"],
  });
export type ParkedSelection = z.infer<typeof parkedSelection>;

export const parkedEvent = z.object({
  topic: topicName,
  offset,
  key: z.string().nullable(),
  type: z.string(),
  state: parkedState,
  /** Deliveries that have failed. */
  attempt: z.int(),
  /** Deliveries that may fail before the event is dead. */
  attemptsMax: z.int(),
  /** When a retrying one is delivered again. */
  dueAt: z.string().nullable(),
  error: z.object({ name: z.string(), message: z.string(), stack: z.string().nullable() }).nullable(),
  fingerprint: z.string().nullable(),
  parkedAt: z.string(),
  failedAt: z.string().nullable(),
  operation: z.string().nullable(),
  discarded: z.object({ by: z.string(), at: z.string(), reason: z.string() }).nullable(),
});
export type ParkedEvent = z.infer<typeof parkedEvent>;

export const parkedQuery = z.strictObject({
  ...parkedFilter.shape,
  /** `next` of the page before. */
  after: z.string().max(300).optional(),
  limit: z.int().min(1).max(500).default(100),
});
export type ParkedQuery = z.infer<typeof parkedQuery>;

/** Ordered by topic and offset. */
export const parkedPage = z.object({ events: z.array(parkedEvent), next: z.string().nullable() });
export type ParkedPage = z.infer<typeof parkedPage>;

const facet = z.array(z.object({ value: z.string(), count: z.int() }));

/** Events that pass a filter, counted by state, topic, type and key (most events first, at most 20 each), and by verb. */
export const parkedFacets = z.object({
  /** Discarded ones only when asked for by state. */
  states: z.object({ retrying: z.int(), dead: z.int(), blocked: z.int(), discarded: z.int() }),
  topics: facet,
  types: facet,
  keys: facet,
  /** Heads that a redrive would deliver again. */
  redrivable: z.int(),
  discardable: z.int(),
  restorable: z.int(),
});
export type ParkedFacets = z.infer<typeof parkedFacets>;

/** Failures of one kind in one consumer: the heads of their sequences, and what waits behind those. */
export const parkedGroup = z.object({
  consumer: consumerName,
  fingerprint: z.string(),
  /** Heads with this fingerprint: retrying and dead. */
  count: z.int(),
  dead: z.int(),
  retrying: z.int(),
  sequencesBlocked: z.int(),
  eventsBehind: z.int(),
  firstAt: z.string(),
  lastAt: z.string(),
  sample: z.object({
    topic: topicName,
    offset,
    key: z.string().nullable(),
    type: z.string(),
    error: z.object({ name: z.string(), message: z.string(), stack: z.string().nullable() }),
  }),
});
export type ParkedGroup = z.infer<typeof parkedGroup>;
/** Most events first; at most 500. */
export const parkedGroups = z.object({ groups: z.array(parkedGroup) });

export const deliveryAttempt = z.object({
  offset,
  attempt: z.int(),
  at: z.string(),
  member: z.string().nullable(),
  outcome: z.enum(["retry", "dead-letter", "skip", "interrupted"]),
  error: z.object({ name: z.string(), message: z.string(), stack: z.string().nullable() }).nullable(),
});
export type DeliveryAttempt = z.infer<typeof deliveryAttempt>;

/** The sequence of one key: its parked head, the head's attempts, and what waits behind it, in order. */
export const sequence = z.object({
  consumer: consumerName,
  topic: topicName,
  key: z.string(),
  /** Null: nothing of the key is parked. */
  head: parkedEvent.nullable(),
  attempts: z.array(deliveryAttempt),
  /** At most 500, in offset order. */
  followers: z.array(parkedEvent),
  /** All of them. */
  followerCount: z.int(),
  discarded: z.array(parkedEvent),
});
export type Sequence = z.infer<typeof sequence>;

/** `POST /v1/consumers/{consumer}/redrives`: delivers dead letters again, in the order of their sequences. */
export const redriveRequest = z.strictObject({
  filter: parkedSelection,
  /** Redrive one first and wait for its outcome; when it fails, the operation stops. */
  canary: z.boolean().optional(),
  /** Letters per second. */
  rate: z.number().gt(0).max(10_000).optional(),
  /** Stops by itself after this many have failed again. */
  stopAfterFailures: z.int().min(1).optional(),
  reason,
});
export type RedriveRequest = z.infer<typeof redriveRequest>;

/** `POST …/discards` and `POST …/restores`. */
export const discardRequest = z.strictObject({ filter: parkedSelection, reason });
export type DiscardRequest = z.infer<typeof discardRequest>;
