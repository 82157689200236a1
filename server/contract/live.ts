import { z } from "zod";
import type { ConsumerDescription, ConsumerSummary } from "./consumers.ts";
import { type EventRow, eventFilter } from "./events.ts";
import { consumerName, position, topicName } from "./names.ts";
import type { Operation } from "./operations.ts";
import type { TopicDescription } from "./topics.ts";

/** The subjects that a browser tab wants to hear about; the one live stream of the tab carries all of them. */
export const liveRequest = z.strictObject({
  topics: z.boolean().default(true),
  consumers: z.boolean().default(true),
  /** One consumer with all that is known about it, for the page that shows it. */
  consumer: consumerName.optional(),
  operations: z.boolean().default(true),
  /** Events of one topic as they are recorded, from after an offset. */
  tail: eventFilter.extend({ topic: topicName, after: position }).optional(),
});
export type LiveRequest = z.infer<typeof liveRequest>;

/** The changes of a list since the last message: rows that are new or other than they were, and names that are gone. */
interface Changes {
  readonly at: string;
  /** The first message of a stream: these are all there are, and what was known before is forgotten. */
  readonly isWhole: boolean;
  readonly removed: readonly string[];
}

/**
 * One message of the live stream. `topics` and `consumers` come about once a second with what has changed, and only when
 * something has; `consumer` is the one that was asked for, null while there is none of that name; `operations` are those
 * that are open or ended within the last minute, newest first; `tick` comes at least every 5 s, so that a page can tell
 * quiet from broken.
 */
export type LiveMessage =
  | ({ readonly kind: "topics"; readonly topics: readonly TopicDescription[] } & Changes)
  | ({ readonly kind: "consumers"; readonly consumers: readonly ConsumerSummary[] } & Changes)
  | { readonly kind: "consumer"; readonly at: string; readonly consumer: ConsumerDescription | null }
  | { readonly kind: "operations"; readonly at: string; readonly operations: readonly Operation[] }
  | {
      readonly kind: "events";
      readonly at: string;
      readonly topic: string;
      readonly events: readonly EventRow[];
      /** Offsets passed over because more arrived than one message may carry; 0 = none. */
      readonly dropped: number;
    }
  | { readonly kind: "tick"; readonly at: string };
