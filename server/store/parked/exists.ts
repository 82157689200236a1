import type { Queryable } from "../database.ts";

/** Whether anything of the consumer is parked that an operator has not discarded. */
export async function hasParked(db: Queryable, consumerId: number): Promise<boolean> {
  const { rows } = await db.query<{ exists: boolean }>({
    name: "has_parked",
    text: `SELECT EXISTS (SELECT FROM parked_event WHERE consumer_id = $1 AND state IN ('retrying', 'dead')) AS exists`,
    values: [consumerId],
  });
  return rows[0]?.exists === true;
}
