import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { consumerName, label, offset, partition, position, reason, timestamp, topicName } from "./names.ts";

/** Where a consumer begins in a topic it has not read before. */
export const startPoint = z.union(
  [z.enum(["earliest", "latest"]), z.strictObject({ offset }), z.strictObject({ time: timestamp })],
  'must be "earliest", "latest", {offset} or {time}',
);
export type StartPoint = z.infer<typeof startPoint>;

const values = z.array(label).min(1).max(LIMITS.maxFilterValues);

/** One topic of a consumer. An event is delivered when it passes every filter that is given. */
export const subscription = z
  .strictObject({
    topic: topicName,
    types: values.optional(),
    keys: values.optional(),
    keyPrefix: label.optional(),
    start: startPoint.default("earliest"),
    /** Types that are never delivered as a replay: what they cause must not happen twice. */
    liveOnly: values.optional(),
  })
  .refine((it) => it.keys === undefined || it.keyPrefix === undefined, {
    message: "give keys or keyPrefix, not both",
    path: ["keyPrefix"],
  });
export type Subscription = z.infer<typeof subscription>;

const backoff = z.union(
  [
    z.strictObject({
      initialMs: z.int().min(1).max(86_400_000),
      factor: z.number().min(1).max(100),
      maxMs: z.int().min(1).max(604_800_000),
      /** Share of the delay that is random, 0 … 1. */
      jitter: z.number().min(0).max(1),
    }),
    z.strictObject({ delaysMs: z.array(z.int().min(0).max(604_800_000)).min(1).max(100) }),
  ],
  "must be {initialMs, factor, maxMs, jitter} or {delaysMs}, with nothing missing and nothing else",
);

export const retryPolicy = z.strictObject({
  maxAttempts: z.int().min(1).max(100).default(5),
  backoff: backoff.default({ initialMs: 1_000, factor: 2, maxMs: 300_000, jitter: 0.2 }),
  /** Error names that no retry can cure. */
  permanentErrors: z.array(label).max(LIMITS.maxFilterValues).default([]),
});
export type RetryPolicy = z.infer<typeof retryPolicy>;

/** Pauses the consumer when too large a share of its deliveries fails. */
export const stormBreaker = z.strictObject({
  windowMs: z.int().min(1_000).max(3_600_000).default(60_000),
  /** With fewer settlements than this in the window nothing is concluded. */
  minEvents: z.int().min(1).max(100_000).default(100),
  /** 0 … 1 */
  failureShare: z.number().gt(0).max(1).default(0.5),
});
export type StormBreaker = z.infer<typeof stormBreaker>;

/** `PUT /v1/consumers/{consumer}`: declares a consumer. Declaring it again keeps its positions. */
export const consumerDeclaration = z.strictObject({
  topics: z
    .array(subscription)
    .min(1, "must name at least one topic")
    .max(32)
    .refine((all) => new Set(all.map((it) => it.topic)).size === all.length, "must name each topic once"),
  /** How many members can work at once. */
  partitions: z.int().min(1).max(LIMITS.maxPartitions).default(1),
  ordering: z.enum(["key", "topic"]).default("key"),
  retry: retryPolicy.prefault({}),
  stormBreaker: stormBreaker.optional(),
  /** Events that one member may hold unsettled. */
  maxInFlight: z.int().min(1).max(10_000).default(256),
  /** How long a member may hold an event without a word about it. */
  ackTimeoutMs: z.int().min(100).max(3_600_000).default(30_000),
});
export type ConsumerDeclaration = z.infer<typeof consumerDeclaration>;

export const partitionPosition = z.object({
  partition,
  position,
  epoch: z.int(),
  member: z.string().nullable(),
  expiresAt: z.string().nullable(),
});
export type PartitionPosition = z.infer<typeof partitionPosition>;

export const topicPosition = z.object({
  topic: topicName,
  /** Everything up to here is settled, in every partition. */
  position,
  head: position,
  /** Events between position and head. */
  lag: z.int(),
  /** Age of the oldest event past the position; 0 when there is none. */
  lagMs: z.number(),
  partitions: z.array(partitionPosition),
});
export type TopicPosition = z.infer<typeof topicPosition>;

export const consumerMember = z.object({
  member: z.string(),
  connectedAt: z.string(),
  expiresAt: z.string(),
  partitions: z.array(partition),
});

/** Why nothing new is delivered. `halted`: an event of a topic-ordered consumer is out of attempts. */
export const consumerPause = z.object({
  kind: z.enum(["operator", "storm", "halted"]),
  reason: z.string(),
  by: z.string(),
  since: z.string(),
  /** It ends by itself then; null = when somebody resumes. */
  until: z.string().nullable(),
});
export type ConsumerPause = z.infer<typeof consumerPause>;

/** Parked events by state. */
export const parkedCounts = z.object({
  retrying: z.int(),
  dead: z.int(),
  blocked: z.int(),
  discarded: z.int(),
});
export type ParkedCounts = z.infer<typeof parkedCounts>;

export const consumerStatus = z.enum(["healthy", "lagging", "blocked", "stalled", "paused", "halted", "idle"]);
export type ConsumerStatus = z.infer<typeof consumerStatus>;

export const consumerDescription = z.object({
  consumer: consumerName,
  status: consumerStatus,
  /** One sentence of measured facts: why it stands as it does. */
  why: z.string(),
  pause: consumerPause.nullable(),
  parked: parkedCounts,
  topics: z.array(
    topicPosition.extend({
      types: z.array(z.string()).optional(),
      keys: z.array(z.string()).optional(),
      keyPrefix: z.string().optional(),
      start: startPoint,
      liveOnly: z.array(z.string()).optional(),
    }),
  ),
  partitions: z.int(),
  ordering: z.enum(["key", "topic"]),
  retry: retryPolicy,
  stormBreaker: stormBreaker.optional(),
  maxInFlight: z.int(),
  ackTimeoutMs: z.int(),
  members: z.array(consumerMember),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type ConsumerDescription = z.infer<typeof consumerDescription>;

/** `POST /v1/consumers/{consumer}/pause`: nothing new is delivered; what is in flight may be settled. */
export const pauseRequest = z.strictObject({
  /** It ends by itself then; absent = when somebody resumes. */
  until: timestamp.optional(),
  reason,
});
export type PauseRequest = z.infer<typeof pauseRequest>;

export const resumeRequest = z.strictObject({ reason });
export type ResumeRequest = z.infer<typeof resumeRequest>;

export const consumerList = z.object({ consumers: z.array(consumerDescription) });
