import { z } from "zod";
import { position, topicName } from "./names.ts";

/** `PUT /v1/topics/{topic}`: declares a topic. Declaring it again changes what is named and nothing else. */
export const topicDeclaration = z.strictObject({
  description: z.string().max(2000).optional(),
});
export type TopicDeclaration = z.infer<typeof topicDeclaration>;

export const topicDescription = z.object({
  topic: topicName,
  description: z.string(),
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

export const topicList = z.object({ topics: z.array(topicDescription) });
