import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { consumerName, label, offset, partition, position, reason, timestamp, topicName } from "./names.ts";
import { retentionExcess } from "./topics.ts";

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
    /** null = all. */
    types: values.nullable().optional(),
    keys: values.nullable().optional(),
    keyPrefix: label.nullable().optional(),
    /** Counts for a topic that is new to the consumer; new or null = `earliest`. */
    start: startPoint.nullable().optional(),
    /** Types that are never delivered as a replay: what they cause must not happen twice. */
    liveOnly: values.nullable().optional(),
  })
  .refine((it) => it.keys == null || it.keyPrefix == null, {
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
  maxAttempts: z.int().min(1).max(100),
  backoff,
  /** Error names that no retry can cure. */
  permanentErrors: z.array(label).max(LIMITS.maxFilterValues),
});
export type RetryPolicy = z.infer<typeof retryPolicy>;

/** Stops deliveries while (nearly) everything fails, and tries one now and then until one is settled. */
export const breaker = z.strictObject({
  /** 0 … 1 */
  failureShare: z.number().gt(0).max(1),
  /** With fewer settlements than this in the window nothing is concluded. */
  minSettlements: z.int().min(1).max(100_000),
  windowMs: z.int().min(1_000).max(3_600_000),
  /** How long after it opened one delivery is tried; twice as long after each that fails, up to `probeMaxMs`. */
  probeMinMs: z.int().min(100).max(86_400_000),
  probeMaxMs: z.int().min(100).max(86_400_000),
});
export type Breaker = z.infer<typeof breaker>;

/** Each field by itself, and null for its default. */
const changes = <Shape extends z.core.$ZodShape>(shape: Shape) =>
  z.strictObject(
    Object.fromEntries(Object.entries(shape).map(([name, it]) => [name, z.optional(z.nullable(it))])) as {
      [Key in keyof Shape]: z.ZodOptional<z.ZodNullable<Shape[Key]>>;
    },
  );

/**
 * `PUT /v1/consumers/{consumer}`: declares a consumer. What is not named stays as it is, or is the default of a new one;
 * null puts a default back.
 */
export const consumerDeclaration = z.strictObject({
  /** All of them: a topic that is not among them is dropped, and keeps its place for when it is taken back. */
  topics: z
    .array(subscription)
    .min(1, "must name at least one topic")
    .max(LIMITS.maxTopicsPerConsumer)
    .refine((all) => new Set(all.map((it) => it.topic)).size === all.length, "must name each topic once")
    .optional(),
  /** How many members can work at once. Default 1. */
  partitions: z.int().min(1).max(LIMITS.maxPartitions).nullable().optional(),
  /** Default `key`. */
  ordering: z.enum(["key", "topic"]).nullable().optional(),
  /** Default 5 attempts, after 1 s, 2 s, 4 s …, at most 300 s, 20 % of it random; no permanent errors. */
  retry: changes(retryPolicy.shape).nullable().optional(),
  /** null = off; a field that is null = its default. Default: 0.9 of 20 within 30 s; tries after 5 s … 300 s. */
  breaker: changes(breaker.shape).nullable().optional(),
  /** Events that one member may hold unsettled. Default 256. */
  maxInFlight: z.int().min(1).max(10_000).nullable().optional(),
  /** How long a member may hold an event without a word about it. Default 30,000. */
  ackTimeoutMs: z.int().min(100).max(3_600_000).nullable().optional(),
  /** How long a member whose connection broke is awaited before what it holds is given to others. Default 5,000. */
  reconnectGraceMs: z.int().min(0).max(600_000).nullable().optional(),
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

/** How many of the events between position and head pass the filter. */
export const matching = z.object({
  /** At most 10,000. */
  count: z.int(),
  /** False = there are more, or not all could be looked at in time. */
  isExact: z.boolean(),
});
export type Matching = z.infer<typeof matching>;

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
  kind: z.enum(["operator", "halted"]),
  reason: z.string(),
  by: z.string(),
  since: z.string(),
  /** It ends by itself then; null = when somebody resumes. */
  until: z.string().nullable(),
});
export type ConsumerPause = z.infer<typeof consumerPause>;

/** An open breaker: deliveries stand, because (nearly) all of them failed. */
export const consumerFailure = z.object({
  since: z.string(),
  /** The error of the last of them; null when none was told. */
  error: z.object({ name: z.string(), message: z.string(), fingerprint: z.string() }).nullable(),
  /** When one delivery is tried; null while one is under way. */
  nextProbeAt: z.string().nullable(),
  /** Deliveries tried in vain since. */
  probes: z.int(),
});
export type ConsumerFailure = z.infer<typeof consumerFailure>;

/** Parked events by state. */
export const parkedCounts = z.object({
  retrying: z.int(),
  dead: z.int(),
  blocked: z.int(),
  discarded: z.int(),
});
export type ParkedCounts = z.infer<typeof parkedCounts>;

export const consumerStatus = z.enum([
  "healthy",
  "lagging",
  "blocked",
  "stalled",
  "failing",
  "paused",
  "halted",
  "idle",
]);
export type ConsumerStatus = z.infer<typeof consumerStatus>;

export const consumerDescription = z.object({
  consumer: consumerName,
  status: consumerStatus,
  /** One sentence of measured facts: why it stands as it does. */
  why: z.string(),
  pause: consumerPause.nullable(),
  /** Set while the breaker is open. */
  failing: consumerFailure.nullable(),
  parked: parkedCounts,
  topics: z.array(
    topicPosition.extend({
      types: z.array(z.string()).optional(),
      keys: z.array(z.string()).optional(),
      keyPrefix: z.string().optional(),
      start: startPoint,
      liveOnly: z.array(z.string()).optional(),
      /** Only with a filter, and where a consumer, or all of them, is asked about. */
      matching: matching.optional(),
      /** It has not passed what the topic's retention would take: how far that is past its bounds. null = it holds up nothing. */
      holdsUp: retentionExcess.nullable(),
    }),
  ),
  /** Topics of it that are in the bin: it keeps its place in them, and goes on from there when they are restored. */
  removedTopics: z.array(z.string()),
  partitions: z.int(),
  ordering: z.enum(["key", "topic"]),
  retry: retryPolicy,
  breaker: breaker.nullable(),
  maxInFlight: z.int(),
  ackTimeoutMs: z.int(),
  reconnectGraceMs: z.int(),
  members: z.array(consumerMember),
  createdAt: z.string(),
  updatedAt: z.string(),
});
export type ConsumerDescription = z.infer<typeof consumerDescription>;

/** The answer to a declaration. */
export const declaredConsumer = consumerDescription.extend({
  created: z.boolean(),
  /** The fields of the declaration that are another now; none of a new consumer. */
  changed: z.array(z.string()),
});
export type DeclaredConsumer = z.infer<typeof declaredConsumer>;

/** `POST /v1/consumers/{consumer}/pause`: nothing new is delivered; what is in flight may be settled. */
export const pauseRequest = z.strictObject({
  /** It ends by itself then; absent = when somebody resumes. */
  until: timestamp.optional(),
  reason,
});
export type PauseRequest = z.infer<typeof pauseRequest>;

export const resumeRequest = z.strictObject({ reason });
export type ResumeRequest = z.infer<typeof resumeRequest>;

/**
 * A consumer as one of a list: without its partitions, of which a consumer of many topics has thousands. They stand in its
 * own description.
 */
export const consumerSummary = consumerDescription.extend({
  topics: z.array(consumerDescription.shape.topics.element.omit({ partitions: true })),
});
export type ConsumerSummary = z.infer<typeof consumerSummary>;

export const consumerList = z.object({ consumers: z.array(consumerSummary) });
