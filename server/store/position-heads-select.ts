import type { Queryable } from "./database.ts";

/** Heads by topic id. */
export async function selectTopicHeads(db: Queryable, topicIds: readonly number[]): Promise<Map<number, number>> {
  const { rows } = await db.query<{ topic_id: number; head: number }>({
    name: "select_topic_heads",
    text: "SELECT topic_id, head FROM topic_head WHERE topic_id = ANY ($1::int[])",
    values: [topicIds],
  });
  return new Map(rows.map((row) => [row.topic_id, row.head]));
}
