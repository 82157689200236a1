import type { Queryable } from "../database.ts";

/** Raises every epoch by one and leaves the leases with whoever holds them: what is in flight can settle no more. */
export async function raiseEpochs(db: Queryable, consumerId: number): Promise<void> {
  await db.query({
    name: "raise_epochs",
    text: "UPDATE lease SET epoch = epoch + 1 WHERE consumer_id = $1",
    values: [consumerId],
  });
}

/** Replaces all leases by free ones at an epoch above any there was. */
export async function replaceLeases(
  db: Queryable,
  consumerId: number,
  leases: { readonly partitions: number; readonly epoch: number },
): Promise<void> {
  await db.query({
    name: "keep_leases",
    text: `
      UPDATE lease SET epoch = $2, member = NULL, holder = NULL, expires_at = NULL
      WHERE consumer_id = $1 AND partition < $3`,
    values: [consumerId, leases.epoch, leases.partitions],
  });
  await db.query({
    name: "drop_leases",
    text: "DELETE FROM lease WHERE consumer_id = $1 AND partition >= $2",
    values: [consumerId, leases.partitions],
  });
  await db.query({
    name: "add_leases",
    text: `
      INSERT INTO lease (consumer_id, partition, epoch) SELECT $1, p, $2 FROM generate_series(0, $3::int - 1) AS p
      ON CONFLICT DO NOTHING`,
    values: [consumerId, leases.epoch, leases.partitions],
  });
}
