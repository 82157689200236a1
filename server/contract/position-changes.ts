import { z } from "zod";
import { parkedCounts } from "./consumers.ts";
import { consumerName, offset, position, reason, timestamp, topicName } from "./names.ts";

/** Where to move a consumer's position to. */
export const positionTarget = z.discriminatedUnion(
  "to",
  [
    z.strictObject({ to: z.literal("earliest") }),
    z.strictObject({ to: z.literal("latest") }),
    /** The next event delivered is the one at `offset`. */
    z.strictObject({ to: z.literal("offset"), offset }),
    /** The next event delivered is the first one recorded at or after `time`. */
    z.strictObject({ to: z.literal("time"), time: timestamp }),
    /** Back by a duration: the first event recorded less than `ms` milliseconds ago. */
    z.strictObject({ to: z.literal("duration"), ms: z.int().min(1) }),
    /** By so many offsets: negative = back. */
    z.strictObject({ to: z.literal("shift"), by: z.int().refine((it) => it !== 0, "must not be 0") }),
    /** To where another consumer stands, in the topics both have. */
    z.strictObject({ to: z.literal("consumer"), consumer: consumerName }),
    /** The next event delivered is this one; only its topic moves. */
    z.strictObject({ to: z.literal("before"), topic: topicName, offset }),
  ],
  {
    error: ({ code }) =>
      code === "invalid_union"
        ? "must be earliest, latest, offset, time, duration, shift, consumer or before"
        : undefined,
  },
);
export type PositionTarget = z.infer<typeof positionTarget>;

export const positionPlanRequest = z.strictObject({
  target: positionTarget,
  /** The topics to move; all of the consumer's when absent. */
  topics: z.array(topicName).min(1).max(32).optional(),
  /**
   * Parked events of the topics that move; `keep` unless said. `keep`: they stay as they are. `clear`: those that the plan
   * counted are forgotten (undo brings them back), and those that run again. `redrive`: dead ones are delivered again.
   */
  parked: z.enum(["keep", "clear", "redrive"]).optional(),
  /** The consumer's state entries; `keep` unless said. `clear` forgets all of them (undo brings them back). */
  state: z.enum(["keep", "clear"]).optional(),
});
export type PositionPlanRequest = z.infer<typeof positionPlanRequest>;

export const plannedChange = z.object({
  topic: topicName,
  from: position,
  to: position,
  /** Events that will be delivered again; partitions that are ahead of `from` have some beyond it. */
  rerun: z.int(),
  /** Events that will never be delivered. */
  skip: z.int(),
  /** The first and the last event run again or skipped; null when there is none. */
  firstEvent: z.object({ offset, recordedAt: z.string(), type: z.string() }).nullable(),
  lastEvent: z.object({ offset, recordedAt: z.string(), type: z.string() }).nullable(),
});
export type PlannedChange = z.infer<typeof plannedChange>;

export const positionPlan = z.object({
  id: z.uuid(),
  /** A hash of what the plan saw. */
  token: z.string(),
  expiresAt: z.string(),
  target: positionTarget,
  changes: z.array(plannedChange),
  /** The fate of the topics' parked events, and how many there are of each kind. */
  parked: z.object({ action: z.enum(["keep", "clear", "redrive"]), counts: parkedCounts }),
  state: z.object({ action: z.enum(["keep", "clear"]), entries: z.int() }),
  /** Members whose deliveries in flight will not count. */
  members: z.array(z.string()),
  /** How long running the events again will take at the fastest rate of the last hour; null = unknown. */
  estimatedMs: z.number().nullable(),
});
export type PositionPlan = z.infer<typeof positionPlan>;

export const positionChangeRequest = z.strictObject({ planId: z.uuid(), token: z.string().min(1), reason });
export type PositionChangeRequest = z.infer<typeof positionChangeRequest>;

/** An undo bears the target and the actions of the change that it undoes; its `changes` are its own. */
export const positionChange = z.object({
  id: z.uuid(),
  actor: z.string(),
  reason: z.string(),
  appliedAt: z.string(),
  target: positionTarget,
  changes: z.array(plannedChange),
  parked: z.enum(["keep", "clear", "redrive"]),
  state: z.enum(["keep", "clear"]),
  /** The change that this one undoes. */
  undoOf: z.string().nullable(),
  /** The change that has undone this one. */
  undoneBy: z.string().nullable(),
});
export type PositionChange = z.infer<typeof positionChange>;
export const positionChangeList = z.object({ changes: z.array(positionChange) });

export const undoRequest = z.strictObject({ reason });
