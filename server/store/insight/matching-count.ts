import type { EventFilter } from "../../domain/event-filter.ts";
import type { Queryable } from "../database.ts";

/** Counts the events of a range that pass a filter, up to a limit; `last` is the last one counted, 0 = none. */
export async function countMatching(
  db: Queryable,
  of: {
    readonly topicId: number;
    /** Exclusive. */
    readonly after: number;
    readonly through: number;
    readonly filter: EventFilter;
    readonly limit: number;
  },
): Promise<{ readonly count: number; readonly last: number }> {
  const { types, keys, keyPrefix } = of.filter;
  const { rows } = await db.query<{ count: number; last: number }>({
    name: "count_matching",
    text: `
      SELECT count(*) AS count, coalesce(max("offset"), 0) AS last FROM (
        SELECT "offset" FROM event
        WHERE topic_id = $1 AND "offset" > $2 AND "offset" <= $3
          AND ($4::text[] IS NULL OR type = ANY ($4::text[]))
          AND ($5::text[] IS NULL OR key = ANY ($5::text[]))
          AND ($6::text IS NULL OR starts_with(key, $6::text))
        ORDER BY "offset" LIMIT $7
      ) e`,
    values: [of.topicId, of.after, of.through, types ?? null, keys ?? null, keyPrefix ?? null, of.limit],
  });
  return rows[0] ?? { count: 0, last: 0 };
}

/** Topics by name, with where they begin and end now. */
export async function selectTopicPlaces(
  db: Queryable,
  topics: readonly string[],
): Promise<{ readonly topic: string; readonly topicId: number; readonly head: number; readonly tail: number }[]> {
  const { rows } = await db.query<{ topic: string; topicId: number; head: number; tail: number }>({
    name: "select_topic_bounds",
    text: `
      SELECT t.name AS topic, t.id AS "topicId", h.head, h.tail
      FROM topic t JOIN topic_head h ON h.topic_id = t.id WHERE t.name = ANY ($1::text[])`,
    values: [topics],
  });
  return rows;
}
