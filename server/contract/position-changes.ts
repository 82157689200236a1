import { z } from "zod";
import { offset, position, reason, timestamp, topicName } from "./names.ts";

/** Where to move a consumer's position to. */
export const positionTarget = z.discriminatedUnion("to", [
  z.strictObject({ to: z.literal("earliest") }),
  z.strictObject({ to: z.literal("latest") }),
  /** The next event delivered is the one at `offset`. */
  z.strictObject({ to: z.literal("offset"), offset }),
  /** The next event delivered is the first one recorded at or after `time`. */
  z.strictObject({ to: z.literal("time"), time: timestamp }),
]);
export type PositionTarget = z.infer<typeof positionTarget>;

export const positionPlanRequest = z.strictObject({
  target: positionTarget,
  /** The topics to move; all of the consumer's when absent. */
  topics: z.array(topicName).min(1).max(32).optional(),
});
export type PositionPlanRequest = z.infer<typeof positionPlanRequest>;

export const plannedChange = z.object({
  topic: topicName,
  from: position,
  to: position,
  /** Events that will be delivered again. */
  rerun: z.int(),
  /** Events that will never be delivered. */
  skip: z.int(),
});
export type PlannedChange = z.infer<typeof plannedChange>;

export const positionPlan = z.object({
  id: z.uuid(),
  /** A hash of what the plan saw. */
  token: z.string(),
  expiresAt: z.string(),
  target: positionTarget,
  changes: z.array(plannedChange),
});
export type PositionPlan = z.infer<typeof positionPlan>;

export const positionChangeRequest = z.strictObject({ planId: z.uuid(), token: z.string().min(1), reason });
export type PositionChangeRequest = z.infer<typeof positionChangeRequest>;

export const positionChange = z.object({
  id: z.uuid(),
  actor: z.string(),
  reason: z.string(),
  appliedAt: z.string(),
  target: positionTarget,
  changes: z.array(plannedChange),
});
export type PositionChange = z.infer<typeof positionChange>;
export const positionChangeList = z.object({ changes: z.array(positionChange) });
