import { createHash } from "node:crypto";

/** An event as somebody saw it. `hash` is over what its producer made: type, key and data. */
export interface Sighting {
  readonly topic: string;
  readonly offset: number;
  readonly id: string;
  readonly key: string | null;
  readonly hash: string;
}

/** A producer is about to ask for one event to be stored; the same id again is a repeat. */
export interface Intent {
  readonly kind: "intent";
  readonly topic: string;
  readonly id: string;
  readonly key: string | null;
  readonly hash: string;
}

/** What came of it. `unknown`: no answer, or one that leaves open whether it took effect. */
export type Answer = { readonly kind: "answer"; readonly topic: string; readonly id: string } & (
  | { readonly outcome: "acked"; readonly offset: number }
  | { readonly outcome: "refused"; readonly status: number }
  | { readonly outcome: "unknown"; readonly status: number | null }
);

/** A follower begins, behind this offset. Coming back is no new beginning. */
export interface Followed {
  readonly kind: "followed";
  readonly topic: string;
  readonly after: number;
}

export interface Read extends Sighting {
  readonly kind: "read";
}

/** A follower was told that retention has passed its place. */
export interface Gap {
  readonly kind: "gap";
  readonly topic: string;
  readonly firstAvailable: number;
}

/** Where a delivery belongs. */
export interface Place {
  readonly consumer: string;
  readonly topic: string;
  readonly offset: number;
}

export interface Received extends Sighting {
  readonly kind: "received";
  readonly consumer: string;
  readonly partition: number;
  readonly epoch: number;
}

/** A member's handler has done its work; the settlement is still to come. */
export interface Handled extends Place {
  readonly kind: "handled";
  readonly key: string | null;
}

/** A member is about to acknowledge deliveries in one request. */
export interface Settling {
  readonly kind: "settling";
  readonly consumer: string;
  readonly request: string;
  readonly places: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly epoch: number;
    readonly offset: number;
  }[];
}

export interface Settled {
  readonly kind: "settled";
  readonly consumer: string;
  readonly request: string;
  /** Null: no answer. */
  readonly status: number | null;
}

/** A consumer's position, as the API told it. */
export interface Positioned {
  readonly kind: "positioned";
  readonly consumer: string;
  readonly topic: string;
  readonly position: number;
}

/** An operator has moved a consumer's position, or is about to. */
export interface Moved {
  readonly kind: "moved";
  readonly consumer: string;
}

export type Entry =
  | Intent
  | Answer
  | Followed
  | Read
  | Gap
  | Received
  | Handled
  | Settling
  | Settled
  | Positioned
  | Moved;

/** An entry with its writer, its time in microseconds, and its number in the writer's journal. */
export type Told = Entry & { readonly by: string; readonly at: number; readonly index: number };

export function contentHash(event: { readonly type: string; readonly key: string | null; readonly data: unknown }) {
  const text = JSON.stringify([event.type, event.key, event.data ?? null]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}

/** A CloudEvent as it came. */
export function sightingOf(event: {
  readonly topic: string;
  readonly sequence: string;
  readonly id: string;
  readonly type: string;
  readonly partitionkey?: string;
  readonly data?: unknown;
}): Sighting {
  const key = event.partitionkey ?? null;
  return {
    topic: event.topic,
    offset: Number(event.sequence),
    id: event.id,
    key,
    hash: contentHash({ type: event.type, key, data: event.data }),
  };
}
