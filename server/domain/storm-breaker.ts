/** When too large a share of deliveries fails, the consumer is paused instead of parking everything. */
export interface StormBreaker {
  readonly windowMs: number;
  /** With fewer settlements than this in the window nothing is concluded. */
  readonly minEvents: number;
  /** 0 … 1 */
  readonly failureShare: number;
}

const SLICES = 10;

/** Counts settlements over a sliding window, in a tenth of it at a time. Times are monotonic milliseconds. */
export class StormWatch {
  readonly #slices: { startsAt: number; settled: number; failed: number }[] = [];

  /** Returns the sentence to pause with when the storm has broken out, else null. */
  count(
    breaker: StormBreaker,
    now: number,
    outcome: { readonly settled: number; readonly failed: number },
  ): string | null {
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
    if (outcome.failed === 0 || all < breaker.minEvents || failed / all < breaker.failureShare) return null;
    this.#slices.length = 0;
    const percent = Math.round((failed / all) * 100);
    return `storm breaker: ${failed} of ${all} deliveries failed within ${breaker.windowMs / 1000} s (${percent} %)`;
  }
}
