import { z } from "zod";
import { consumerName, freeText, position, topicName } from "./names.ts";

/** How long events are kept: each bound by itself; those no bound asks to go stay. */
export const retention = z.strictObject({
  maxAgeMs: z.int().min(1_000).optional(),
  maxEvents: z.int().min(1).optional(),
  maxBytes: z.int().min(1).optional(),
  /** Also past the slowest consumer, which then misses what is gone. */
  force: z.boolean().optional(),
});
export type Retention = z.infer<typeof retention>;

/** `PUT /v1/topics/{topic}`: declares a topic. Declaring it again changes what is named and nothing else. */
export const topicDeclaration = z.strictObject({
  description: freeText.max(2000).nullable().optional(),
  /** null = events are kept for ever; a bound that is null = none. */
  retention: z
    .strictObject({
      maxAgeMs: z.int().min(1_000).nullable().optional(),
      maxEvents: z.int().min(1).nullable().optional(),
      maxBytes: z.int().min(1).nullable().optional(),
      force: z.boolean().nullable().optional(),
    })
    .nullable()
    .optional(),
});
export type TopicDeclaration = z.infer<typeof topicDeclaration>;

/** The same, told: every bound is there, null = none. */
export const retentionDescription = z.object({
  maxAgeMs: z.int().nullable(),
  maxEvents: z.int().nullable(),
  maxBytes: z.int().nullable(),
  force: z.boolean(),
});

/** How far what a topic keeps is past each bound of its retention; null = within it, or there is none. */
export const retentionExcess = z.object({
  events: z.int().nullable(),
  bytes: z.int().nullable(),
  /** Of the oldest event. */
  ms: z.number().nullable(),
});
export type RetentionExcess = z.infer<typeof retentionExcess>;

/** Retention waits for consumers that have not passed the first event kept. */
export const retentionHeldUp = z.object({
  over: retentionExcess,
  /** The slowest of them, ten at most. */
  by: z.array(z.object({ consumer: consumerName, position })),
  /** How many there are. */
  consumers: z.int(),
});
export type RetentionHeldUp = z.infer<typeof retentionHeldUp>;

export const topicDescription = z.object({
  topic: topicName,
  description: z.string(),
  /** null = events are kept for ever. */
  retention: retentionDescription.nullable(),
  /** null = retention does what it is asked to. */
  heldUp: retentionHeldUp.nullable(),
  createdAt: z.string(),
  /** Offset of the last event; 0 = empty. */
  head: position,
  /** Offset of the first event still retained; head + 1 when none is. */
  tail: position,
  /** Payload bytes stored. */
  bytes: z.int(),
  firstRecordedAt: z.string().nullable(),
  lastRecordedAt: z.string().nullable(),
});
export type TopicDescription = z.infer<typeof topicDescription>;

/** The answer to a declaration. */
export const declaredTopic = topicDescription.extend({
  created: z.boolean(),
  /** The fields of the declaration that are another now; none of a new topic. */
  changed: z.array(z.string()),
});

export const topicList = z.object({ topics: z.array(topicDescription) });
