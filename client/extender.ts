import type { Job } from "./job.ts";

/** Tells the server of jobs it has not heard about for a third of the ack timeout: one lost request costs no event. */
export class Extender {
  readonly #held: ReadonlySet<Job>;
  readonly #extend: (jobs: readonly Job[]) => void;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(held: ReadonlySet<Job>, extend: (jobs: readonly Job[]) => void) {
    this.#held = held;
    this.#extend = extend;
  }

  start(ackTimeoutMs: number): void {
    this.stop();
    // One timer for all jobs, not one for each of tens of thousands a second.
    const everyMs = Math.max(20, Math.min(ackTimeoutMs / 6, 5_000));
    this.#timer = setInterval(() => {
      const before = Date.now() - ackTimeoutMs / 3;
      const overdue: Job[] = [];
      for (const job of this.#held) if (job.status === "waiting" && job.heardAt <= before) overdue.push(job);
      if (overdue.length > 0) this.#extend(overdue);
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
