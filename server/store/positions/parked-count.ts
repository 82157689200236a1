import type { Queryable } from "../database.ts";

/** How many events after one offset up to another are parked and stay so when they are passed over again. */
export async function countParkedWithin(
  db: Queryable,
  range: {
    readonly consumerId: number;
    readonly topicId: number;
    readonly after: number;
    readonly through: number;
  },
): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: "count_parked_within",
    text: `
      SELECT count(*) AS count FROM parked_event
      WHERE consumer_id = $1 AND topic_id = $2 AND "offset" > $3 AND "offset" <= $4 AND state <> 'discarded' AND NOT is_rerun`,
    values: [range.consumerId, range.topicId, range.after, range.through],
  });
  return rows[0]?.count ?? 0;
}
