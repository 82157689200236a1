import { Fifo } from "./fifo.ts";
import type { Job } from "./job.ts";

/**
 * The deliveries of one topic and partition under one epoch, in the order they came, so that a run of finished ones is
 * settled by a single `upTo` instead of one settlement each.
 */
export class Track {
  readonly #jobs = new Fifo<Job>();
  #lastOffset = 0;
  /** Deliveries that came below the last offset: an `upTo` of others must not settle them. */
  readonly #stragglers = new Set<Job>();
  #sentInside = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly epoch: number,
  ) {}

  add(job: Job): void {
    if (job.delivery.offset <= this.#lastOffset) {
      this.#stragglers.add(job);
      return;
    }
    this.#lastOffset = job.delivery.offset;
    this.#jobs.push(job);
  }

  /**
   * Takes the finished jobs at the front. A job with a state draft must be sent by itself first: an `upTo` would settle
   * it without its state.
   */
  takeFinished(): Job[] {
    const taken: Job[] = [];
    if (this.#stragglers.size > 0) return taken;
    for (let job = this.#jobs.peek(); job !== undefined; job = this.#jobs.peek()) {
      if (job.status === "done" && job.draft === null) taken.push(job);
      else if (job.status === "sent" || job.status === "dropped") this.#sentInside--;
      else break;
      this.#jobs.shift();
    }
    if (this.#sentInside < 0) this.#sentInside = 0;
    return taken;
  }

  /** A job was sent by itself. Behind a job that never finishes the others must not pile up. */
  onSentAlone(job: Job): void {
    if (this.#stragglers.delete(job)) return;
    this.#sentInside++;
    if (this.#sentInside > 64 && this.#sentInside * 2 > this.#jobs.size) {
      this.#jobs.remove((it) => it.status === "sent" || it.status === "dropped");
      this.#sentInside = 0;
    }
  }
}
