import type { SubscriptionFacts } from "../../domain/figures.ts";

/** Counts what passes the filter of a consumer in one topic, for as long as it may take. */
export type CountMatching = (
  consumer: string,
  places: readonly {
    readonly topic: string;
    readonly position: number;
    readonly types?: readonly string[];
    readonly keys?: readonly string[];
    readonly keyPrefix?: string;
  }[],
  options: { readonly withinMs: number },
) => Promise<ReadonlyMap<string, { readonly count: number }>>;

export interface MatchingLagsOptions {
  /** Of one round, all consumers together. */
  readonly withinMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

const WITHIN_MS = 250;

/** How many events of each lag pass the filter, counted in rounds that each take little. */
export class MatchingLags {
  readonly #count: CountMatching;
  readonly #withinMs: number;
  readonly #now: () => number;
  #known = new Map<string, number>();
  #begin = 0;

  constructor(count: CountMatching, options: MatchingLagsOptions = {}) {
    this.#count = count;
    this.#withinMs = options.withinMs ?? WITHIN_MS;
    this.#now = options.now ?? (() => performance.now());
  }

  /**
   * One round. It begins where the time of the last one was up, so that all have their turn; those it does not reach keep
   * their last count, which is never told as more than the lag.
   */
  async count(subscriptions: readonly SubscriptionFacts[]): Promise<void> {
    const places = subscriptions.filter((it) => it.filter !== null);
    const counted = new Map<string, number>();
    for (const place of places) {
      const before = this.#known.get(nameOf(place));
      if (before !== undefined) counted.set(nameOf(place), Math.min(before, place.lag));
    }
    this.#known = counted;
    const until = this.#now() + this.#withinMs;
    for (let turn = 0; turn < places.length; turn++) {
      const place = places[this.#begin % places.length];
      const leftMs = until - this.#now();
      if (place === undefined || leftMs <= 0) break;
      this.#begin = (this.#begin + 1) % places.length;
      const counts = await this.#count(place.consumer, [placeOf(place)], { withinMs: leftMs });
      const found = counts.get(place.topic);
      if (found !== undefined) counted.set(nameOf(place), Math.min(found.count, place.lag));
    }
  }

  of(subscription: SubscriptionFacts): number | undefined {
    return this.#known.get(nameOf(subscription));
  }
}

function placeOf({ topic, position, filter }: SubscriptionFacts) {
  const { types = null, keys = null, keyPrefix = null } = filter ?? {};
  return {
    topic,
    position,
    ...(types !== null && { types }),
    ...(keys !== null && { keys }),
    ...(keyPrefix !== null && { keyPrefix }),
  };
}

/** No name holds a space. */
function nameOf({ consumer, topic }: SubscriptionFacts): string {
  return `${consumer} ${topic}`;
}
