import type { Queryable } from "../database.ts";
import type { CountedRange } from "./range-ends.ts";

/** Offsets and keys of the events of a range that pass a filter: what their partitions follow from. */
export async function selectKeysInRange(
  db: Queryable,
  { topicId, after, through, filter }: CountedRange,
): Promise<{ offset: number; key: string | null }[]> {
  const { rows } = await db.query({
    name: "select_keys_in_range",
    text: `
      SELECT "offset", key FROM event
      WHERE topic_id = $1 AND "offset" > $2 AND "offset" <= $3
        AND ($4::text[] IS NULL OR type = ANY ($4::text[]))
        AND ($5::text[] IS NULL OR key = ANY ($5::text[]))
        AND ($6::text IS NULL OR starts_with(key, $6::text))`,
    values: [topicId, after, through, filter.types ?? null, filter.keys ?? null, filter.keyPrefix ?? null],
    rowMode: "array",
  });
  return (rows as [number, string | null][]).map(([offset, key]) => ({ offset, key }));
}
