import { Fifo } from "./fifo.ts";

/**
 * Who may start. Jobs of one lane run one after another, each only after the one before it is over; jobs without a
 * lane depend on nobody. Order among ready jobs is the order of arrival.
 */
export class KeyLanes<Job> {
  readonly #ready = new Fifo<{ readonly lane: string | null; readonly job: Job }>();
  /** A lane that is here has a job that is ready or running; behind it wait these (null = none yet). */
  readonly #waiting = new Map<string, Fifo<Job> | null>();
  #waitingCount = 0;

  /** Jobs that have not been started. */
  get size(): number {
    return this.#ready.size + this.#waitingCount;
  }

  add(lane: string | null, job: Job): void {
    if (lane !== null) {
      const behind = this.#waiting.get(lane);
      if (behind !== undefined) {
        const queue = behind ?? new Fifo<Job>();
        if (behind === null) this.#waiting.set(lane, queue);
        queue.push(job);
        this.#waitingCount++;
        return;
      }
      this.#waiting.set(lane, null);
    }
    this.#ready.push({ lane, job });
  }

  /** The next job to start. Its lane stays closed until `release`. */
  next(): Job | undefined {
    return this.#ready.shift()?.job;
  }

  /** Forgets jobs that wait behind the one of their lane that was started. */
  dropBehind(lane: string, isDropped: (job: Job) => boolean): void {
    const queue = this.#waiting.get(lane) ?? null;
    if (queue !== null) this.#waitingCount -= queue.remove(isDropped);
  }

  /** The lane's job is over; the next one of the lane becomes ready. */
  release(lane: string | null): void {
    if (lane === null) return;
    const job = this.#waiting.get(lane)?.shift();
    if (job === undefined) {
      this.#waiting.delete(lane);
      return;
    }
    this.#waitingCount--;
    this.#ready.push({ lane, job });
  }

  /** Forgets the jobs that were not started and are not to be kept. */
  drop(isDropped: (job: Job) => boolean): void {
    for (const queue of this.#waiting.values()) {
      if (queue !== null) this.#waitingCount -= queue.remove(isDropped);
    }
    const opened: (string | null)[] = [];
    this.#ready.remove(({ lane, job }) => {
      if (!isDropped(job)) return false;
      opened.push(lane);
      return true;
    });
    for (const lane of opened) this.release(lane);
  }
}
