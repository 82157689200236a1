import type { Queryable } from "../database.ts";

/** Frees what a member holds; settlements under these epochs count no more. The member's row must be locked. */
export async function freeLeasesOf(
  db: Queryable,
  { consumerId, member }: { readonly consumerId: number; readonly member: string },
): Promise<void> {
  await db.query({
    name: "free_leases",
    text: `
      WITH held AS (
        SELECT partition FROM lease WHERE consumer_id = $1 AND member = $2 ORDER BY partition FOR NO KEY UPDATE
      )
      UPDATE lease l SET member = NULL, holder = NULL, expires_at = NULL, in_flight = NULL
      FROM held WHERE l.consumer_id = $1 AND l.partition = held.partition`,
    values: [consumerId, member],
  });
}
