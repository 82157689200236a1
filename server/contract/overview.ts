import { z } from "zod";
import { auditEntry } from "./audit.ts";
import { consumerName, position, topicName } from "./names.ts";

/** A consumer's place in one topic, for the list of those furthest behind. */
export const behind = z.object({
  consumer: consumerName,
  topic: topicName,
  position,
  head: position,
  lag: z.int(),
  lagMs: z.number(),
});

export const overview = z.object({
  at: z.string(),
  counts: z.object({
    topics: z.int(),
    events: z.int(),
    bytes: z.int(),
    consumers: z.int(),
    members: z.int(),
    /** Consumers that have something left to settle. */
    consumersBehind: z.int(),
  }),
  /** At most ten, furthest behind in time first. */
  behind: z.array(behind),
  /** The newest entries, at most ten. */
  audit: z.array(auditEntry),
});
export type Overview = z.infer<typeof overview>;
