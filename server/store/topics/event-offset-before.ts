import type { Queryable } from "../database.ts";

/**
 * Offset of the last event recorded before `time` (RFC 3339), or of the event before the first retained one. Bisection
 * over the primary key, which needs no index on time because `recorded_at` never decreases within a topic.
 */
export async function readOffsetBefore(db: Queryable, topicId: number, time: string): Promise<number> {
  const { rows } = await db.query({
    name: "read_offset_before",
    text: `WITH RECURSIVE bisection (low, high) AS (
        SELECT tail, head + 1 FROM topic_head WHERE topic_id = $1
        UNION ALL
        SELECT CASE WHEN e.recorded_at < $2::timestamptz THEN e."offset" + 1 ELSE low END,
               CASE WHEN e.recorded_at < $2::timestamptz THEN high ELSE e."offset" END
          FROM bisection, LATERAL (
            SELECT "offset", recorded_at FROM event WHERE topic_id = $1 AND "offset" = (low + high) / 2
          ) AS e
         WHERE low < high
      )
      SELECT low - 1 FROM bisection WHERE low >= high`,
    values: [topicId, time],
    rowMode: "array",
  });
  return (rows[0]?.[0] as number | undefined) ?? 0;
}
