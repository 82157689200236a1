import type { Queryable } from "./database.ts";

/**
 * Offset of the last event recorded before a time; one short of the first retained event when none was. Bisection over
 * the primary key, in one statement: `recorded_at` never decreases within a topic, so it needs no index of its own.
 */
export async function selectOffsetBefore(
  db: Queryable,
  { topicId, time }: { readonly topicId: number; readonly time: string },
): Promise<number> {
  const { rows } = await db.query<{ low: number }>({
    name: "select_offset_before",
    text: `
      WITH RECURSIVE bisect (low, high) AS (
        SELECT tail - 1, head FROM topic_head WHERE topic_id = $1
        UNION ALL
        SELECT CASE WHEN e.recorded_at < $2 THEN b.middle ELSE b.low END,
               CASE WHEN e.recorded_at < $2 THEN b.high ELSE b.middle - 1 END
        FROM (SELECT low, high, (low + high + 1) / 2 AS middle FROM bisect WHERE low < high) b
        JOIN event e ON e.topic_id = $1 AND e."offset" = b.middle
      )
      SELECT low FROM bisect WHERE low = high`,
    values: [topicId, time],
  });
  return rows[0]?.low ?? 0;
}
