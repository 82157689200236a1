/** When deliveries stop because (nearly) everything fails, and how often one is tried meanwhile. */
export interface Breaker {
  /** 0 … 1 */
  readonly failureShare: number;
  /** With fewer settlements than this in the window nothing is concluded. */
  readonly minSettlements: number;
  readonly windowMs: number;
  /** The first delivery is tried this long after the breaker opened; the wait doubles with every one that fails. */
  readonly probeMinMs: number;
  readonly probeMaxMs: number;
}

/** The reason why a breaker opened: of `all` settlements within the window, `failed` were failures. */
export interface BreakerTrip {
  readonly failed: number;
  readonly all: number;
}

const SLICES = 10;
const MAX_REMEMBERED = 10_000;

/** Counts settlements over a sliding window, in a tenth of it at a time. Times are monotonic milliseconds. */
export class BreakerWindow {
  readonly #slices: { startsAt: number; settled: number; failed: number }[] = [];
  /** When an event failed last: one that fails again and again is one failure, or it alone would open the breaker. */
  readonly #failedAt = new Map<string, number>();

  /** How many of these events have not failed within the window before. */
  firstFailures(breaker: Breaker, now: number, places: readonly string[]): number {
    let first = 0;
    for (const place of places) {
      const before = this.#failedAt.get(place);
      if (before === undefined || before <= now - breaker.windowMs) first += 1;
      this.#failedAt.delete(place);
      this.#failedAt.set(place, now);
    }
    for (const [place, failedAt] of this.#failedAt) {
      if (failedAt > now - breaker.windowMs && this.#failedAt.size <= MAX_REMEMBERED) break;
      this.#failedAt.delete(place);
    }
    return first;
  }

  /** Adds what a group of settlements came to. Says when the breaker opens by it, and begins to count anew then. */
  count(
    breaker: Breaker,
    now: number,
    outcome: { readonly settled: number; readonly failed: number },
  ): BreakerTrip | null {
    const sliceMs = breaker.windowMs / SLICES;
    const last = this.#slices.at(-1);
    if (last !== undefined && now - last.startsAt < sliceMs) {
      last.settled += outcome.settled;
      last.failed += outcome.failed;
    } else {
      this.#slices.push({ startsAt: now, ...outcome });
    }
    while ((this.#slices[0]?.startsAt ?? now) <= now - breaker.windowMs) this.#slices.shift();
    const settled = this.#slices.reduce((sum, it) => sum + it.settled, 0);
    const failed = this.#slices.reduce((sum, it) => sum + it.failed, 0);
    const all = settled + failed;
    // A group without failures opens nothing, even where older failures are left in the window.
    if (outcome.failed === 0 || all < breaker.minSettlements || failed / all < breaker.failureShare) return null;
    this.clear();
    return { failed, all };
  }

  /** Forgets what was counted: what failed before a success proves nothing any more. */
  clear(): void {
    this.#slices.length = 0;
    this.#failedAt.clear();
  }
}

/** How long to wait before one delivery is tried, after `probes` of them were tried in vain. */
export function probeDelayMs({ probeMinMs, probeMaxMs }: Breaker, probes: number): number {
  return Math.min(probeMaxMs, probeMinMs * 2 ** Math.max(0, probes));
}

/** One sentence for the audit and for people. */
export function tripText({ failed, all }: BreakerTrip, { windowMs }: Breaker): string {
  const percent = Math.round((failed / all) * 100);
  return `breaker: ${failed} of ${all} deliveries failed within ${windowMs / 1000} s (${percent} %)`;
}
