import type { Queryable } from "../database.ts";

/** Whether anything is parked that its partition has gone past: of a topic-ordered consumer nothing may be. */
export async function hasParkedBehind(
  db: Queryable,
  { consumerId, partitions }: { readonly consumerId: number; readonly partitions: number },
): Promise<boolean> {
  const { rows } = await db.query<{ exists: boolean }>({
    name: "has_parked_behind",
    text: `
      SELECT EXISTS (
        SELECT FROM parked_event p JOIN cursor c ON c.consumer_id = p.consumer_id AND c.topic_id = p.topic_id
          AND c.partition = p.hash % $2::bigint AND p."offset" <= c.position
        WHERE p.consumer_id = $1 AND p.state <> 'discarded') AS exists`,
    values: [consumerId, partitions],
  });
  return rows[0]?.exists === true;
}
