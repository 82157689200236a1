import { type ConsumerSetup, selectConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Queryable } from "../../store/database.ts";

const FRESH_MS = 5_000;
const MAX_KEPT = 1_000;

/** Consumers by name, read again after a few seconds: a settlement needs one, and there may be 20,000 a second. */
export class ConsumerSetups {
  readonly #db: Queryable;
  readonly #now: () => number;
  /** What was read in an earlier one is not kept. */
  #generation = 0;
  readonly #kept = new Map<string, { setup: ConsumerSetup; readAt: number }>();

  constructor(db: Queryable, now: () => number) {
    this.#db = db;
    this.#now = now;
  }

  /** Null when there is none. */
  async find(consumer: string, isFresh = false): Promise<ConsumerSetup | null> {
    const known = this.#kept.get(consumer);
    if (!isFresh && known !== undefined && this.#now() - known.readAt < FRESH_MS) return known.setup;
    const generation = this.#generation;
    const setup = await selectConsumerSetup(this.#db, { consumer });
    if (generation !== this.#generation) return setup;
    if (setup === null) {
      this.#kept.delete(consumer);
      return null;
    }
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(consumer, { setup, readAt: this.#now() });
    return setup;
  }

  /** A name may be another consumer's. */
  forgetAll(): void {
    this.#generation += 1;
    this.#kept.clear();
  }
}
