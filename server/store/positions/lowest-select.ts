import type { Queryable } from "../database.ts";

/** A consumer's lowest position in each of its topics, by topic name; null when there is no such consumer. */
export async function selectLowestPositions(db: Queryable, consumer: string): Promise<Map<string, number> | null> {
  const { rows } = await db.query<{ topic: string | null; position: number }>({
    name: "select_lowest_positions",
    text: `
      SELECT t.name AS topic, min(u.position) AS position
      FROM consumer c
      LEFT JOIN subscription s ON s.consumer_id = c.id
      LEFT JOIN cursor u ON u.consumer_id = s.consumer_id AND u.topic_id = s.topic_id
      LEFT JOIN topic t ON t.id = u.topic_id AND t.removed_at IS NULL
      WHERE c.name = $1 GROUP BY t.name`,
    values: [consumer],
  });
  if (rows.length === 0) return null;
  return new Map(rows.flatMap(({ topic, position }) => (topic === null ? [] : [[topic, position] as const])));
}
