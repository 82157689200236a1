import type { Job } from "./job.ts";
import type { Delivery } from "./wire.ts";

/** A delivery that is given a second time, by a session that goes on, says so. */
export type Redelivered = Delivery & { readonly redelivered?: boolean };

/** Deliveries that were here when a connection broke: on the next one the server may give them again. */
export class ResumedDeliveries {
  #jobs = new Map<string, Job>();

  remember(held: Iterable<Job>): void {
    this.#jobs = new Map(Array.from(held, (job) => [nameOf(job.delivery), job]));
  }

  /** The delivery is being handled, its outcome is on its way, or it was settled meanwhile. */
  has(delivery: Delivery): boolean {
    const job = this.#jobs.get(nameOf(delivery));
    return job !== undefined && job.status !== "dropped";
  }

  forget(): void {
    this.#jobs.clear();
  }
}

function nameOf({ topic, partition, offset, epoch, attempt }: Delivery): string {
  return `${topic}/${offset}@${partition}.${epoch}.${attempt}`;
}
