import type { ReceivedEvent } from "./received-event.ts";
import type { StateDraft } from "./state-draft.ts";
import type { Track } from "./track.ts";
import type { Delivery } from "./wire.ts";

/**
 * One delivery on its way through a member.
 * `waiting` (queued, running or to be retried) → `done` (succeeded, not yet sent) → `sent`; or `dropped` (lease lost).
 */
export interface Job {
  readonly delivery: Delivery;
  readonly received: ReceivedEvent;
  readonly lane: string | null;
  readonly track: Track;
  status: "waiting" | "done" | "sent" | "dropped";
  /** When the server last heard of it, by `Date.now()`. */
  heardAt: number;
  /** Times the handler failed here. */
  failures: number;
  /** What the handler wrote; sent with the ack. */
  draft: StateDraft | null;
  /** Made only when the handler asks for its signal. */
  abort: AbortController | null;
}
