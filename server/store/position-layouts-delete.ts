import type { Queryable } from "./database.ts";

/** Forgets earlier layouts that every position has passed. Returns how many. */
export async function deletePassedLayouts(db: Queryable, consumerId: number): Promise<number> {
  const { rowCount } = await db.query({
    name: "delete_passed_layouts",
    text: `
      DELETE FROM prior_layout p WHERE p.consumer_id = $1 AND NOT EXISTS (
        SELECT FROM cursor c
        WHERE c.consumer_id = p.consumer_id AND c.topic_id = p.topic_id AND c.position < p.ends_at)`,
    values: [consumerId],
  });
  return rowCount ?? 0;
}
