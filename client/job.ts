import type { ReceivedEvent } from "./received-event.ts";
import type { StateDraft } from "./state-draft.ts";
import type { Verdict } from "./verdict.ts";
import type { Delivery } from "./wire.ts";

/**
 * One delivery on its way through a member.
 * `waiting` (queued or running) → `done` (its outcome is not yet sent) → `sent`; or `dropped`: the lease was lost, or
 * the delivery taken back.
 */
export interface Job {
  readonly delivery: Delivery;
  readonly received: ReceivedEvent;
  readonly sequence: string | null;
  status: "waiting" | "done" | "sent" | "dropped";
  /** When the server last heard of it, by `Date.now()`. */
  heardAt: number;
  /** The event is parked: it is the head of its sequence, after which nothing is delivered before its outcome. */
  isParked: boolean;
  /** The handler threw. Null: it did not. */
  verdict: Verdict | null;
  /** The writes of the handler; sent with the ack. */
  draft: StateDraft | null;
  /** Made only when the handler asks for its signal. */
  abort: AbortController | null;
}
