import type { Queryable } from "./database.ts";

// As many as one member may have had in flight when it broke off.
const MAX_INTERRUPTED = 10_000;

/** How often deliveries broke off of events that are not settled yet, by `topicId offset`. */
export async function selectInterrupted(db: Queryable, consumerId: number): Promise<Map<string, number>> {
  const { rows } = await db.query<{ topic_id: number; offset: number; attempt: number }>({
    name: "select_interrupted",
    text: `
      SELECT d.topic_id, d."offset", max(d.attempt) AS attempt
      FROM (SELECT topic_id, min(position) AS position FROM cursor WHERE consumer_id = $1 GROUP BY topic_id) c
      JOIN delivery_attempt d ON d.consumer_id = $1 AND d.topic_id = c.topic_id AND d."offset" > c.position
      GROUP BY d.topic_id, d."offset" LIMIT $2`,
    values: [consumerId, MAX_INTERRUPTED],
  });
  return new Map(rows.map((row) => [`${row.topic_id} ${row.offset}`, row.attempt]));
}
