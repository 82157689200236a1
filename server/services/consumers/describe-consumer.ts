import { DomainError } from "../../domain/errors.ts";
import { describeConsumers } from "../../store/consumers/describe.ts";
import type { Database } from "../../store/database.ts";
import type { MatchingCounts } from "../insight/count-matching.ts";
import type { Services } from "../services.ts";

const COUNT_WITHIN_MS = 500;

export const describeConsumer =
  ({
    database,
    matching,
  }: {
    readonly database: Database;
    readonly matching: MatchingCounts;
  }): Services["describeConsumer"] =>
  async ({ consumer }) => {
    const [description] = await describeConsumers(database.pool, [consumer]);
    if (description === undefined) throw new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
    const counts = await matching.of(consumer, description.topics, { withinMs: COUNT_WITHIN_MS });
    return { ...description, topics: description.topics.map((it) => withMatching(it, counts.get(it.topic))) };
  };

/** A topic's place with what of it passes the filter, where there is one. */
export function withMatching<Place extends object, Count>(
  place: Place,
  matching: Count | undefined,
): Place & { matching?: Count } {
  return matching === undefined ? place : { ...place, matching };
}
