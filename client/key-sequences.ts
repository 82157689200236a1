import { Fifo } from "./fifo.ts";

/**
 * Who may start. Jobs of one sequence run one after another, each only after the one before it is over; jobs without a
 * sequence depend on nobody. Order among ready jobs is the order of arrival.
 */
export class KeySequences<Job> {
  readonly #ready = new Fifo<{ readonly sequence: string | null; readonly job: Job }>();
  /** A sequence that is here has a job that is ready or running; behind it wait these (null = none yet). */
  readonly #waiting = new Map<string, Fifo<Job> | null>();
  #waitingCount = 0;

  /** Jobs that have not been started. */
  get size(): number {
    return this.#ready.size + this.#waitingCount;
  }

  add(sequence: string | null, job: Job): void {
    if (sequence !== null) {
      const behind = this.#waiting.get(sequence);
      if (behind !== undefined) {
        const queue = behind ?? new Fifo<Job>();
        if (behind === null) this.#waiting.set(sequence, queue);
        queue.push(job);
        this.#waitingCount++;
        return;
      }
      this.#waiting.set(sequence, null);
    }
    this.#ready.push({ sequence, job });
  }

  /** The next job to start. Its sequence stays closed until `release`. */
  next(): Job | undefined {
    return this.#ready.shift()?.job;
  }

  /** Forgets jobs that wait behind the one of their sequence that was started. */
  dropBehind(sequence: string, isDropped: (job: Job) => boolean): void {
    const queue = this.#waiting.get(sequence) ?? null;
    if (queue !== null) this.#waitingCount -= queue.remove(isDropped);
  }

  /** The sequence's job is over; the next one of the sequence becomes ready. */
  release(sequence: string | null): void {
    if (sequence === null) return;
    const job = this.#waiting.get(sequence)?.shift();
    if (job === undefined) {
      this.#waiting.delete(sequence);
      return;
    }
    this.#waitingCount--;
    this.#ready.push({ sequence, job });
  }

  /** Forgets the jobs that were not started and are not to be kept. */
  drop(isDropped: (job: Job) => boolean): void {
    for (const queue of this.#waiting.values()) {
      if (queue !== null) this.#waitingCount -= queue.remove(isDropped);
    }
    const opened: (string | null)[] = [];
    this.#ready.remove(({ sequence, job }) => {
      if (!isDropped(job)) return false;
      opened.push(sequence);
      return true;
    });
    for (const sequence of opened) this.release(sequence);
  }
}
