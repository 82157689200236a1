import type { Queryable } from "../database.ts";

/** By partition, the first event of a topic that a consumer has parked, and not discarded. */
export async function selectFirstParked(
  db: Queryable,
  of: { readonly consumerId: number; readonly topicId: number; readonly layoutPartitions: number },
): Promise<Map<number, number>> {
  const { rows } = await db.query<{ partition: number; offset: number }>({
    name: "select_first_parked",
    text: `
      SELECT hash % $3::bigint AS partition, min("offset") AS "offset" FROM parked_event
      WHERE consumer_id = $1 AND topic_id = $2 AND state <> 'discarded' GROUP BY 1`,
    values: [of.consumerId, of.topicId, of.layoutPartitions],
  });
  return new Map(rows.map((it) => [it.partition, it.offset]));
}
