import type { Queryable } from "../database.ts";

/** Gives every dead head of a consumer so many more attempts, the first at once. The leases must be locked. */
export async function retryDeadHeads(
  db: Queryable,
  { consumerId, attempts }: { readonly consumerId: number; readonly attempts: number },
): Promise<void> {
  await db.query({
    name: "retry_dead_heads",
    text: `
      UPDATE parked_event SET state = 'retrying', due_at = now(), attempts_max = attempt + $2::int
      WHERE consumer_id = $1 AND state = 'dead'`,
    values: [consumerId, attempts],
  });
}
