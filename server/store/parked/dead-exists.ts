import type { Queryable } from "../database.ts";

/** Whether an event of the consumer is out of attempts. */
export async function hasDead(db: Queryable, consumerId: number): Promise<boolean> {
  const { rows } = await db.query<{ exists: boolean }>({
    name: "has_dead",
    text: "SELECT EXISTS (SELECT FROM parked_event WHERE consumer_id = $1 AND state = 'dead') AS exists",
    values: [consumerId],
  });
  return rows[0]?.exists === true;
}
