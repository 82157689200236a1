import { z } from "zod";
import { consumerName, reason, topicName } from "./names.ts";

/** What hangs on a topic or a consumer, and goes with it. */
export const holdings = z.object({
  /** Consumers that read the topic; each keeps its place in it. None of a consumer. */
  consumers: z.array(z.string()),
  /** Topics that the consumer reads; they stay. None of a topic. */
  topics: z.array(z.string()),
  /** Consumers or topics beside those, whose names the caller may not read. */
  unnamed: z.int(),
  /** Members of the consumer, or of the consumers that read the topic, with a session now. */
  members: z.int(),
  /** Streams that follow the topic, at the instance that answers. None of a consumer. */
  followers: z.int(),
  /** Parked events, the discarded ones included: of the consumer, or of the topic with all its consumers. */
  parked: z.int(),
  stateEntries: z.int(),
  /** Events kept, and the bytes of their payloads. None of a consumer. */
  events: z.int(),
  bytes: z.int(),
});
export type Holdings = z.infer<typeof holdings>;

export const binEntry = z.object({
  id: z.uuid(),
  kind: z.enum(["topic", "consumer"]),
  /** The name it had, and is restored under unless another is asked for. */
  name: z.string(),
  removedAt: z.string(),
  removedBy: z.string(),
  reason: z.string(),
  holds: holdings,
  /** From then on it is purged, bit by bit, and cannot be restored. */
  purgeAt: z.string(),
  isPurging: z.boolean(),
  /** Rows (events, parked events, state entries, …) that were purged so far. */
  purged: z.int(),
});
export type BinEntry = z.infer<typeof binEntry>;

/** The answer to a removal: as it was at that moment. */
export const removal = z.object({
  /**
   * Stands for what hangs on it: removing asks for it, and is refused when consumers or topics came or went since, or when
   * there are events, parked events or state where there were none. Ordinary progress counts for nothing.
   */
  token: z.string(),
  holds: holdings,
  /** Days in the bin before it is purged. */
  binDays: z.int(),
  /** Null = only tried. */
  removed: binEntry.nullable(),
});
export type Removal = z.infer<typeof removal>;

const removing = {
  /** Says what hangs on it and removes nothing. */
  dryRun: z.enum(["true", "false"]).optional(),
  /** Of the dry run. */
  token: z.string().min(1).max(200).optional(),
  reason: reason.optional(),
};
export const topicRemoval = z.strictObject({ topic: topicName, ...removing });
export const consumerRemoval = z.strictObject({ consumer: consumerName, ...removing });

export const binList = z.object({
  /** Days in the bin before something is purged. */
  binDays: z.int(),
  /** Removed last, first. */
  entries: z.array(binEntry),
});
export type BinList = z.infer<typeof binList>;

const DAYS = z.int().min(1).max(365);
export const binSettings = z.strictObject({ binDays: DAYS, reason });

export const restoreRequest = z.strictObject({
  id: z.uuid(),
  /** Another name than the one it had. */
  as: topicName.optional(),
  reason,
});
