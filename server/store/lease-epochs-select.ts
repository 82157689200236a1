import type { Queryable } from "./database.ts";

/** Epochs by partition, all of one instant: with an epoch goes the number of partitions it was given under. */
export async function selectLeaseEpochs(db: Queryable, consumerId: number): Promise<Map<number, number>> {
  const { rows } = await db.query<{ partition: number; epoch: number }>({
    name: "select_lease_epochs",
    text: "SELECT partition, epoch FROM lease WHERE consumer_id = $1",
    values: [consumerId],
  });
  return new Map(rows.map((row) => [row.partition, row.epoch]));
}
