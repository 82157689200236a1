import type { Job } from "./job.ts";

/**
 * A server that hears nothing for 45 s of a member with deliveries in flight closes its stream, however long it leaves
 * the member for a single event.
 */
const SIGN_OF_LIFE_MS = 15_000;

/** Tells the server of jobs it has not heard about for a third of the ack timeout: one lost request costs no event. */
export class Extender {
  readonly #held: ReadonlySet<Job>;
  readonly #extend: (jobs: readonly Job[]) => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** When the server last heard of anything. */
  #heardAt = 0;

  constructor(held: ReadonlySet<Job>, extend: (jobs: readonly Job[]) => void) {
    this.#held = held;
    this.#extend = extend;
  }

  start(ackTimeoutMs: number): void {
    this.stop();
    this.#heardAt = Date.now();
    // One timer for all jobs, not one for each of tens of thousands a second.
    const everyMs = Math.max(20, Math.min(ackTimeoutMs / 6, 5_000));
    this.#timer = setInterval(() => {
      const overdue = this.#overdue(Date.now(), ackTimeoutMs / 3);
      if (overdue.length > 0) this.#extend(overdue);
    }, everyMs);
  }

  /** The server has heard of the member. */
  heard(now: number): void {
    this.#heardAt = now;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #overdue(now: number, heldMs: number): Job[] {
    const overdue: Job[] = [];
    let oldest: Job | undefined;
    for (const job of this.#held) {
      if (job.status !== "waiting") continue;
      oldest ??= job;
      if (job.heardAt <= now - heldMs) overdue.push(job);
    }
    if (overdue.length > 0 || oldest === undefined || now - this.#heardAt < SIGN_OF_LIFE_MS) return overdue;
    return [oldest];
  }
}
