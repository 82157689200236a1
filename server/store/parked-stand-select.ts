import type { Queryable } from "./database.ts";

export interface ParkedStand {
  /** Something of the consumer is parked that an operator has not discarded. */
  readonly hasParked: boolean;
  /** By partition: as of which version of what is parked. */
  readonly versions: ReadonlyMap<number, number>;
}

/** Whether anything is parked, in one snapshot with the versions by which a later change is noticed. */
export async function selectParkedStand(
  db: Queryable,
  of: { readonly consumerId: number; readonly partitions: readonly number[] },
): Promise<ParkedStand> {
  const { rows } = await db.query<{ partition: number; version: number; has_parked: boolean }>({
    name: "select_parked_stand",
    text: `
      SELECT partition, parked_version AS version,
        EXISTS (SELECT FROM parked_event WHERE consumer_id = $1 AND state IN ('retrying', 'dead')) AS has_parked
      FROM lease WHERE consumer_id = $1 AND partition = ANY ($2::int[])`,
    values: [of.consumerId, of.partitions],
  });
  return {
    hasParked: rows.some((row) => row.has_parked),
    versions: new Map(rows.map((row) => [row.partition, row.version])),
  };
}
