import { summariseConsumers } from "../../store/consumers/describe.ts";
import type { Database } from "../../store/database.ts";
import type { MatchingCounts } from "../insight/count-matching.ts";
import type { Services } from "../services.ts";
import { withMatching } from "./describe-consumer.ts";

/** For all of them together. */
const COUNT_WITHIN_MS = 300;

export const listConsumers =
  ({
    database,
    matching,
  }: {
    readonly database: Database;
    readonly matching: MatchingCounts;
  }): Services["listConsumers"] =>
  async ({ hasMatching } = {}) => {
    const all = await summariseConsumers(database.pool);
    if (hasMatching !== true) return all;
    const startedAt = performance.now();
    const counted: typeof all = [];
    // One after the other, and none begun when the time is up: a list of many consumers looks at no more than one does.
    for (const it of all) {
      const leftMs = COUNT_WITHIN_MS - (performance.now() - startedAt);
      if (leftMs <= 0) {
        counted.push(it);
        continue;
      }
      const counts = await matching.of(it.consumer, it.topics, { withinMs: leftMs });
      counted.push({ ...it, topics: it.topics.map((place) => withMatching(place, counts.get(place.topic))) });
    }
    return counted;
  };
