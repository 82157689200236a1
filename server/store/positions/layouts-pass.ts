import type { Queryable } from "../database.ts";

/**
 * Notes which earlier layouts every position has come past: they hide nothing any more. They are kept until the stretch
 * ends, because what they had come past was not handled in it. Returns how many.
 */
export async function passLayouts(db: Queryable, consumerId: number): Promise<number> {
  const { rowCount } = await db.query({
    name: "pass_layouts",
    text: `
      UPDATE prior_layout p SET is_passed = true WHERE p.consumer_id = $1 AND NOT p.is_passed AND NOT EXISTS (
        SELECT FROM cursor c
        WHERE c.consumer_id = p.consumer_id AND c.topic_id = p.topic_id AND c.position < p.ends_at)`,
    values: [consumerId],
  });
  return rowCount ?? 0;
}
