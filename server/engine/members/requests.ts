import type { DeliveryText } from "./delivery-frame.ts";
import type { FrameSink } from "./frame-sink.ts";

/** How a member wants to be reached. */
export interface MemberJoinRequest {
  readonly consumer: string;
  /** A name of its own is given to a member that has none. */
  readonly member: string | null;
  /** The session that goes on, and the number of the last delivery the member has of it. */
  readonly resume: SessionPlace | null;
  /** The member understands `parked` frames, and is given later events of a key before earlier ones are settled. */
  readonly isPipelined: boolean;
  /** Where it is connected from. */
  readonly address: string | null;
  readonly sink: FrameSink;
}

export interface SessionPlace {
  readonly session: string;
  readonly after: number;
}

export interface JoinedMember {
  readonly member: string;
  readonly session: string;
  /** The connection is gone. The session has its grace. */
  disconnect(): void;
}

export interface PullRequest {
  readonly consumer: string;
  readonly member: string | null;
  readonly session: string | null;
  /** Deliveries of the session after this number are sent again; null = none are. */
  readonly after: number | null;
  /** At least 1. */
  readonly max: number;
  /** How long to wait for the first delivery; 0 = what is there. */
  readonly waitMs: number;
  readonly address: string | null;
  /** The caller is gone. */
  readonly signal: AbortSignal;
}

export interface Pulled {
  readonly member: string;
  readonly session: string;
  readonly deliveries: readonly DeliveryText[];
}
