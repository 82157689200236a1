import { z } from "zod";
import { consumerName, offset, partition, position, topicName } from "./names.ts";
import { parkedState } from "./parked.ts";

/** From one offset to another, both included. */
export const offsetRange = z.tuple([offset, offset]);

const counted = z.object({
  count: z.int(),
  /** The offsets in question; at most 100 ranges, the first ones. */
  ranges: z.array(offsetRange),
});

/** Every offset from 1 to head, in exactly one class. */
export const account = z.object({
  consumer: consumerName,
  topic: topicName,
  head: position,
  /**
   * Handled at some time, and not ahead of the position again; and of events that retention has taken since, those that
   * the filter had passed over, too: what they were is not known any more.
   */
  settled: z.object({ count: z.int() }),
  /** Never handled: the consumer's filter excluded them when they were passed, or excludes those that lie ahead. */
  filtered: counted,
  /** With a member that is connected to the instance that answers. */
  inFlight: counted,
  retrying: counted,
  dead: counted,
  blocked: counted,
  discarded: counted,
  /** Never handled: position changes went past them or cleared them, per change. */
  skipped: z.array(counted.extend({ change: z.string(), actor: z.string() })),
  /** Before the place where the consumer began in the topic. */
  beforeStart: counted,
  /** Not delivered yet, or in flight at another instance. */
  pending: counted,
  /** Retention took them before they could be delivered. */
  expired: counted,
  /** The sum of all classes; equals head. */
  total: z.int(),
});
export type Account = z.infer<typeof account>;
export const accountList = z.object({ accounts: z.array(account) });

export const fateName = z.enum([
  "settled",
  "filtered",
  "in-flight",
  "retrying",
  "dead",
  "blocked",
  "discarded",
  "skipped",
  "before-start",
  "expired",
  "pending",
]);

/** The fate of one event for one consumer. */
export const fate = z.object({
  consumer: consumerName,
  fate: fateName,
  /** In words, from measured facts: "attempt 3 of 5, next in 40 s". */
  detail: z.string(),
  partition,
  attempt: z.int().nullable(),
  dueAt: z.string().nullable(),
  /** The member it is in flight with. */
  member: z.string().nullable(),
  /** Offset of the parked event it is blocked behind. */
  behind: offset.nullable(),
  parked: parkedState.nullable(),
  /** The position change that skipped or cleared it. */
  change: z.string().nullable(),
});
export type Fate = z.infer<typeof fate>;
export const fateList = z.object({ topic: topicName, offset, fates: z.array(fate) });

export const processed = z.object({ processed: z.boolean() });
export const positionWait = z.object({
  /** False when the time ran out first. */
  processed: z.boolean(),
  position,
  waitedMs: z.number(),
});

/** Lag and rates over time, at most 500 points, oldest first. */
export const consumerHistory = z.object({
  consumer: consumerName,
  resolutionMs: z.int(),
  points: z.array(
    z.object({
      at: z.string(),
      topic: topicName,
      lag: z.int(),
      lagMs: z.number(),
      settledPerSecond: z.number().nullable(),
      failedPerSecond: z.number().nullable(),
      parked: z.int(),
    }),
  ),
});
export type ConsumerHistory = z.infer<typeof consumerHistory>;

/** How fast all topics and consumers together went, oldest first. */
export const rateHistory = z.object({
  resolutionMs: z.int(),
  points: z.array(
    z.object({
      at: z.string(),
      publishedPerSecond: z.number(),
      settledPerSecond: z.number(),
      failedPerSecond: z.number(),
    }),
  ),
});
export type RateHistory = z.infer<typeof rateHistory>;

export const topicHistory = z.object({
  topic: topicName,
  resolutionMs: z.int(),
  points: z.array(
    z.object({ at: z.string(), head: position, bytes: z.int(), publishedPerSecond: z.number().nullable() }),
  ),
});
export type TopicHistory = z.infer<typeof topicHistory>;
