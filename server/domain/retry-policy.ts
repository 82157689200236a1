export type Backoff =
  | { readonly initialMs: number; readonly factor: number; readonly maxMs: number; readonly jitter: number }
  | { readonly delaysMs: readonly number[] };

/** How often a failing event is tried, and when. */
export interface RetryRules {
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  /** Error names that no retry can cure. */
  readonly permanentErrors: readonly string[];
}

export interface Failure {
  /** Deliveries that have failed, this one included. */
  readonly attempt: number;
  /** Failed deliveries after which it is dead; an operator may have granted more than the policy. */
  readonly attemptsMax: number;
  readonly errorName: string;
  /** The member's own wish for the delay; null = by the policy. */
  readonly delayMs: number | null;
  /** 0 ≤ random < 1, handed in because the domain rolls no dice. */
  readonly random: number;
}

/** The delay before attempt `attempt + 1`, in milliseconds. */
export function backoffDelayMs(backoff: Backoff, attempt: number, random: number): number {
  if ("delaysMs" in backoff) {
    // The last delay of the list serves every later attempt.
    return backoff.delaysMs[Math.min(attempt, backoff.delaysMs.length) - 1] ?? 0;
  }
  const full = Math.min(backoff.maxMs, backoff.initialMs * backoff.factor ** (attempt - 1));
  // Jitter only shortens, so `maxMs` stays a promise and a herd spreads out below it.
  return Math.round(full * (1 - backoff.jitter * random));
}

/** After how many milliseconds a failed event is tried again; null = it is dead. */
export function retryDelayMs(rules: RetryRules, failure: Failure): number | null {
  if (rules.permanentErrors.includes(failure.errorName)) return null;
  if (failure.attempt >= failure.attemptsMax) return null;
  return failure.delayMs ?? backoffDelayMs(rules.backoff, failure.attempt, failure.random);
}
