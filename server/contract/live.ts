import { z } from "zod";
import type { ConsumerDescription } from "./consumers.ts";
import { type EventRow, eventFilter } from "./events.ts";
import { position, topicName } from "./names.ts";
import type { Operation } from "./operations.ts";
import type { TopicDescription } from "./topics.ts";

/** What a browser tab wants to hear about; the one live stream of the tab carries all of it. */
export const liveRequest = z.strictObject({
  topics: z.boolean().default(true),
  consumers: z.boolean().default(true),
  operations: z.boolean().default(true),
  /** Events of one topic as they are recorded, from after an offset. */
  tail: eventFilter.extend({ topic: topicName, after: position }).optional(),
});
export type LiveRequest = z.infer<typeof liveRequest>;

/**
 * One message of the live stream. `topics` and `consumers` come about once a second, whole, and only when something
 * changed; so do `operations`: those that are open or ended within the last minute, newest first; `tick` comes at least every 5 s, so that a page can tell quiet from broken.
 */
export type LiveMessage =
  | { readonly kind: "topics"; readonly at: string; readonly topics: readonly TopicDescription[] }
  | { readonly kind: "consumers"; readonly at: string; readonly consumers: readonly ConsumerDescription[] }
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
