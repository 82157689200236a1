import type { Queryable } from "./database.ts";

/** Locks leases in the one order everybody locks them in; returns their epochs. */
export async function lockLeases(
  db: Queryable,
  lock: { readonly consumerId: number; readonly partitions: readonly number[] | "all" },
): Promise<Map<number, number>> {
  const { rows } = await db.query<{ partition: number; epoch: number }>({
    name: "lock_leases",
    text: `
      SELECT partition, epoch FROM lease WHERE consumer_id = $1 AND ($2::int[] IS NULL OR partition = ANY ($2::int[]))
      ORDER BY partition FOR NO KEY UPDATE`,
    values: [lock.consumerId, lock.partitions === "all" ? null : lock.partitions],
  });
  return new Map(rows.map((row) => [row.partition, row.epoch]));
}
