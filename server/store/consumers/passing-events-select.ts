import type { EventFilter } from "../../domain/event-filter.ts";
import type { EventIdentity } from "../../domain/partition-of.ts";
import type { Queryable } from "../database.ts";

/** The first events of a range that pass a filter, as far as their partitions follow from them. */
export async function selectPassingEvents(
  db: Queryable,
  of: {
    readonly topicId: number;
    /** Exclusive. */
    readonly after: number;
    readonly through: number;
    readonly filter: EventFilter;
    readonly maxEvents: number;
  },
): Promise<EventIdentity[]> {
  const { types, keys, keyPrefix } = of.filter;
  const { rows } = await db.query({
    name: "select_passing_events",
    text: `
      SELECT "offset", key FROM event
      WHERE topic_id = $1 AND "offset" > $2 AND "offset" <= $3
        AND ($4::text[] IS NULL OR type = ANY ($4::text[]))
        AND ($5::text[] IS NULL OR key = ANY ($5::text[]))
        AND ($6::text IS NULL OR starts_with(key, $6::text))
      ORDER BY "offset" LIMIT $7`,
    values: [of.topicId, of.after, of.through, types ?? null, keys ?? null, keyPrefix ?? null, of.maxEvents],
    rowMode: "array",
  });
  return (rows as [number, string | null][]).map(([offset, key]) => ({ offset, key }));
}
