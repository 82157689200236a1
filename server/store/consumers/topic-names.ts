import type { Queryable } from "../database.ts";

/** The topics that a consumer reads; null = there is no such consumer. */
export async function selectConsumerTopicNames(db: Queryable, consumer: string): Promise<string[] | null> {
  const { rows } = await db.query<{ topics: string[] }>({
    name: "select_consumer_topic_names",
    text: `
      SELECT coalesce((SELECT array_agg(t.name ORDER BY t.name) FROM subscription s JOIN topic t ON t.id = s.topic_id
                        WHERE s.consumer_id = c.id AND t.removed_at IS NULL), '{}') AS topics
      FROM consumer c WHERE c.name = $1`,
    values: [consumer],
  });
  return rows[0]?.topics ?? null;
}
