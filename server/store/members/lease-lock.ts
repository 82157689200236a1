import type { Queryable } from "../database.ts";
import type { LeaseStand } from "../settling/cursors-merge.ts";

/** Locks leases in the one order everybody locks them in; returns how they stand. */
export async function lockLeases(
  db: Queryable,
  lock: { readonly consumerId: number; readonly partitions: readonly number[] | "all" },
): Promise<Map<number, LeaseStand>> {
  const { rows } = await db.query<{ partition: number } & LeaseStand>({
    name: "lock_leases",
    text: `
      SELECT partition, epoch, holder, parked_version AS "parkedVersion" FROM lease
      WHERE consumer_id = $1 AND ($2::int[] IS NULL OR partition = ANY ($2::int[]))
      ORDER BY partition FOR NO KEY UPDATE`,
    values: [lock.consumerId, lock.partitions === "all" ? null : lock.partitions],
  });
  return new Map(rows.map(({ partition, ...stand }) => [partition, stand]));
}
