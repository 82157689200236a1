import type { Queryable } from "../database.ts";

/** Who settles a partition, and under which epoch. */
export interface LeaseHolder {
  readonly epoch: number;
  /** Null: nobody has the partition, so nothing of it can be settled. */
  readonly holder: string | null;
  readonly isExpired: boolean;
}

/** The holders of a consumer's partitions at one instant. */
export async function selectLeaseHolders(db: Queryable, consumerId: number): Promise<Map<number, LeaseHolder>> {
  const { rows } = await db.query<{ partition: number } & LeaseHolder>({
    name: "select_lease_holders",
    text: `
      SELECT partition, epoch, CASE WHEN member IS NOT NULL THEN holder END AS holder,
        coalesce(expires_at < now(), false) AS "isExpired"
      FROM lease WHERE consumer_id = $1`,
    values: [consumerId],
  });
  return new Map(rows.map(({ partition, ...lease }) => [partition, lease]));
}
