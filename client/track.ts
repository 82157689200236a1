import { Fifo } from "./fifo.ts";
import { type Job, settlesAlone } from "./job.ts";

/** More holes than any server leaves in flight: from there on nothing is settled by `upTo`. */
const MAX_HOLES = 10_000;

/**
 * The deliveries of one topic and partition under one epoch, in the order they came, so that a run of finished ones is
 * settled by a single `upTo` instead of one settlement each.
 */
export class Track {
  readonly #jobs = new Fifo<Job>();
  #lastOffset = 0;
  /** Deliveries that came below the last offset: an `upTo` of others must not settle them. */
  readonly #stragglers = new Set<Job>();
  /** Offsets that came and were dropped: nobody has handled them, so no `upTo` may pass over them. */
  readonly #holes = new Set<number>();
  #goneInside = 0;

  constructor(
    readonly topic: string,
    readonly partition: number,
    readonly epoch: number,
  ) {}

  /** Parked ones come out of order, and settle alone: they do not stand in the line. */
  add(job: Job): void {
    if (job.delivery.parked === true) return;
    if (job.delivery.offset <= this.#lastOffset) {
      this.#stragglers.add(job);
      return;
    }
    this.#lastOffset = job.delivery.offset;
    this.#jobs.push(job);
  }

  /** A delivery is not handled here after all; it comes again. */
  drop(offset: number): void {
    if (this.#holes.size <= MAX_HOLES) this.#holes.add(offset);
  }

  /** The server knows what became of an offset. */
  settled(offset: number): void {
    if (this.#holes.size <= MAX_HOLES) this.#holes.delete(offset);
  }

  /**
   * Takes the finished jobs at the front. A job that settles alone must be sent first: an `upTo` would settle it
   * without its state, or as a success.
   */
  takeFinished(): Job[] {
    const taken: Job[] = [];
    if (this.#stragglers.size > 0) return taken;
    const end = this.#firstHole();
    for (let job = this.#jobs.peek(); job !== undefined; job = this.#jobs.peek()) {
      if (job.status === "done" && !settlesAlone(job) && job.delivery.offset < end) taken.push(job);
      else if (job.status === "sent" || job.status === "dropped") this.#goneInside--;
      else break;
      this.#jobs.shift();
    }
    if (this.#goneInside < 0) this.#goneInside = 0;
    return taken;
  }

  /** A job was sent by itself, or dropped. Behind a job that never finishes the others must not pile up. */
  onGone(job: Job): void {
    if (job.delivery.parked === true || this.#stragglers.delete(job)) return;
    this.#goneInside++;
    if (this.#goneInside > 64 && this.#goneInside * 2 > this.#jobs.size) {
      this.#jobs.remove((it) => it.status === "sent" || it.status === "dropped");
      this.#goneInside = 0;
    }
  }

  #firstHole(): number {
    if (this.#holes.size > MAX_HOLES) return 0;
    let first = Number.POSITIVE_INFINITY;
    for (const offset of this.#holes) if (offset < first) first = offset;
    return first;
  }
}
