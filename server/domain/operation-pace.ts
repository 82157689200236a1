export interface PaceFacts {
  /** Items per second; null = without a bound. */
  readonly rate: number | null;
  readonly canary: boolean;
  /** Taken up so far, and what became of them. */
  readonly done: number;
  readonly ok: number;
  readonly failed: number;
  readonly stopAfterFailures: number | null;
  /** Deliveries it caused that nobody has settled yet; 0 for what needs no delivery. */
  readonly outstanding: number;
  /** Milliseconds since the last step of this runner. */
  readonly elapsedMs: number;
  /** The unused part of the rate so far, below one item. */
  readonly carried: number;
}

export type Pace =
  | { readonly kind: "stop"; readonly note: string }
  /** Take up so many now; `carried` belongs to the next step. */
  | { readonly kind: "go"; readonly count: number; readonly carried: number };

/** Items in one step: settlements of the consumer wait for it. */
const MAX_STEP = 500;
/** Deliveries of one operation under way at a time. */
const MAX_OUTSTANDING = 500;
/** A runner that slept does not make up for more than this. */
const MAX_ELAPSED_MS = 1_000;

/** How many items an operation takes up now. */
export function paceOf(facts: PaceFacts): Pace {
  const { rate, canary, done, ok, failed, stopAfterFailures, outstanding, carried } = facts;
  if (canary && failed > 0 && ok === 0) {
    return { kind: "stop", note: "the canary failed again: nothing else was taken up" };
  }
  if (stopAfterFailures !== null && failed >= stopAfterFailures) {
    return { kind: "stop", note: `stopped by itself: ${failed} failed again` };
  }
  if (canary && ok + failed === 0) {
    // Somebody discarded the canary, or moved the position over it: another one goes first.
    const isWaiting = done > 0 && outstanding > 0;
    return { kind: "go", count: isWaiting ? 0 : 1, carried };
  }
  // With more under way than may still fail, all of them could have failed before anybody has looked.
  const mayFail = stopAfterFailures === null ? MAX_OUTSTANDING : stopAfterFailures - failed;
  const room = Math.max(0, Math.min(MAX_OUTSTANDING, mayFail) - outstanding);
  if (rate === null) return { kind: "go", count: Math.min(MAX_STEP, room), carried: 0 };
  const allowed = carried + (rate * Math.min(facts.elapsedMs, MAX_ELAPSED_MS)) / 1_000;
  const count = Math.min(MAX_STEP, room, Math.floor(allowed));
  // Items that found no place are not saved up: they would come as a burst.
  return { kind: "go", count, carried: Math.min(allowed - count, 1) };
}
