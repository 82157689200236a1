import type { Matching } from "../../contract/consumers.ts";
import { type EventFilter, isUnfiltered } from "../../domain/event-filter.ts";
import { createGate } from "../../engine/members/gate.ts";
import type { Database } from "../../store/database.ts";
import { countMatching, selectTopicPlaces } from "../../store/insight/matching-count.ts";

/** What is counted exactly. */
export const MAX_MATCHING = 10_000;
/** One statement looks at so many offsets: some 40 ms. */
const PAGE = 100_000;
/** Kept in memory, the least recently asked go first. */
const MAX_KEPT = 1_000;
/** Counts under way at once: whoever asks for all consumers takes no more connections than this. */
const WIDTH = 2;

/** A consumer in one topic, as its description tells it. */
export interface Place {
  readonly topic: string;
  readonly position: number;
  readonly types?: readonly string[] | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly keyPrefix?: string | undefined;
}

/** Counted so far: after one offset through another. */
interface Counted {
  topicId: number;
  filter: string;
  after: number;
  through: number;
  count: number;
}

export interface MatchingCounts {
  /** By topic, of those with a filter. What could not be counted by `deadlineMs` on is told as far as it was. */
  of(
    consumer: string,
    places: readonly Place[],
    options: { readonly withinMs: number },
  ): Promise<ReadonlyMap<string, Matching>>;
}

/**
 * Counts what passes filters between positions and heads, when it is asked for. A count goes on where the last one of the
 * same consumer ended, less what the position has passed since; so asking again each second looks at new events only, and
 * a count that ran out of time is finished by those who ask next.
 */
export function createMatchingCounts(
  { pool }: Pick<Database, "pool">,
  { page = PAGE, now = () => performance.now() }: { readonly page?: number; readonly now?: () => number } = {},
): MatchingCounts {
  const kept = new Map<string, Counted>();
  const running = new Map<string, Promise<Matching>>();
  const gate = createGate(WIDTH);

  function recall(name: string, of: { topicId: number; filter: string; start: number; tail: number }): Counted {
    const { topicId, filter, start, tail } = of;
    const known = kept.get(name);
    kept.delete(name);
    const isSame = known !== undefined && known.topicId === topicId && known.filter === filter;
    // What retention has taken since can be counted no more, nor taken off.
    const isUsable = isSame && known.after <= start && start <= known.through && tail <= known.after + 1;
    const counted = isUsable ? known : { topicId, filter, after: start, through: start, count: 0 };
    kept.set(name, counted);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return counted;
  }

  async function count(
    name: string,
    of: { topicId: number; filter: EventFilter; start: number; head: number; tail: number; until: number },
  ): Promise<Matching> {
    const { topicId, filter, start, head, tail, until } = of;
    const counted = recall(name, { topicId, filter: JSON.stringify(filter), start, tail });
    while (counted.after < start) {
      const through = Math.min(start, counted.after + page);
      const { count: passed } = await countMatching(pool, {
        topicId,
        after: counted.after,
        through,
        filter,
        limit: page,
      });
      counted.count = Math.max(0, counted.count - passed);
      counted.after = through;
      if (now() >= until && counted.after < start) return { count: 0, isExact: false };
    }
    while (counted.count <= MAX_MATCHING && counted.through < head) {
      const limit = MAX_MATCHING + 1 - counted.count;
      const through = Math.min(head, counted.through + page);
      const { count: found, last } = await countMatching(pool, {
        topicId,
        after: counted.through,
        through,
        filter,
        limit,
      });
      counted.count += found;
      counted.through = found === limit ? last : through;
      if (now() >= until) break;
    }
    const isExact = counted.count <= MAX_MATCHING && counted.through >= head;
    return { count: Math.min(counted.count, MAX_MATCHING), isExact };
  }

  return {
    async of(consumer, places, { withinMs }) {
      const until = now() + withinMs;
      const filtered = places
        .map(({ topic, position, ...place }) => ({ topic, position, filter: filterOf(place) }))
        .filter((it) => !isUnfiltered(it.filter));
      if (filtered.length === 0) return new Map();
      const topics = await selectTopicPlaces(
        pool,
        filtered.map((it) => it.topic),
      );
      const placeOf = new Map(topics.map((it) => [it.topic, it]));
      const found = await Promise.all(
        filtered.map(async ({ topic, position, filter }) => {
          const place = placeOf.get(topic);
          const start = Math.max(position, (place?.tail ?? 1) - 1);
          if (place === undefined || start >= place.head) return [topic, { count: 0, isExact: true }] as const;
          const { topicId, head, tail } = place;
          // Those who ask for the same meanwhile share the answer.
          const name = `${topicId} ${consumer}`;
          const shared =
            running.get(name) ??
            gate
              .run(() => count(name, { topicId, filter, start, head, tail, until }))
              .finally(() => running.delete(name));
          running.set(name, shared);
          return [topic, await shared] as const;
        }),
      );
      return new Map(found);
    },
  };
}

function filterOf({ types, keys, keyPrefix }: Omit<Place, "topic" | "position">): EventFilter {
  return {
    ...(types !== undefined && { types }),
    ...(keys !== undefined && { keys }),
    ...(keyPrefix !== undefined && { keyPrefix }),
  };
}
