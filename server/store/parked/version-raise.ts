import type { Queryable } from "../database.ts";

/** Tells whoever holds the partitions that their parked events have changed. The leases must be locked. */
export async function raiseParkedVersion(
  db: Queryable,
  consumerId: number,
  partitions: readonly number[] | "all" = "all",
): Promise<void> {
  await db.query({
    name: "raise_parked_version",
    text: `
      UPDATE lease SET parked_version = parked_version + 1
      WHERE consumer_id = $1 AND ($2::int[] IS NULL OR partition = ANY ($2::int[]))`,
    values: [consumerId, partitions === "all" ? null : partitions],
  });
}
