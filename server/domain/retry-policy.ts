import type { RetryPolicy } from "../contract/consumers.ts";

/** What becomes of an event whose delivery failed. */
export type FailureOutcome =
  | { readonly kind: "retrying"; readonly delayMs: number }
  | { readonly kind: "dead"; readonly why: "attempts exhausted" | "permanent error" };

export interface Failure {
  /** The attempt that failed: 1 for the first delivery. */
  readonly attempt: number;
  readonly errorName: string;
  /** The member's own wish for the delay, if it has one. */
  readonly delayMs?: number;
  /** 0 ≤ random < 1, handed in because the domain rolls no dice. */
  readonly random: number;
}

/** The delay before attempt `attempt + 1`, in milliseconds. */
export function backoffDelayMs(backoff: RetryPolicy["backoff"], attempt: number, random: number): number {
  if ("delaysMs" in backoff) {
    // The last delay of the list serves every later attempt.
    return backoff.delaysMs[Math.min(attempt, backoff.delaysMs.length) - 1] ?? 0;
  }
  const full = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** (attempt - 1));
  // Jitter only shortens, so `maxMs` stays a promise and a herd spreads out below it.
  return Math.round(full * (1 - backoff.jitter * random));
}

export function decideFailure(policy: RetryPolicy, failure: Failure): FailureOutcome {
  if (policy.permanentErrors.includes(failure.errorName)) return { kind: "dead", why: "permanent error" };
  if (failure.attempt >= policy.maxAttempts) return { kind: "dead", why: "attempts exhausted" };
  const delayMs = failure.delayMs ?? backoffDelayMs(policy.backoff, failure.attempt, failure.random);
  return { kind: "retrying", delayMs };
}
