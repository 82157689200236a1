import type { Queryable } from "../database.ts";

export interface LeaseRelease {
  readonly consumerId: number;
  readonly member: string;
  /** Under the epochs they were held by: whoever claimed one since keeps it. */
  readonly leases: readonly { readonly partition: number; readonly epoch: number }[];
}

/** Gives leases back; settlements under their epochs count no more. */
export async function releaseLeases(db: Queryable, release: LeaseRelease): Promise<void> {
  await db.query({
    name: "release_leases",
    text: `
      WITH held AS (
        SELECT l.partition FROM lease l JOIN unnest($3::int[], $4::bigint[]) AS h(partition, epoch)
          ON l.partition = h.partition AND l.epoch = h.epoch
        WHERE l.consumer_id = $1 AND l.member = $2
        ORDER BY l.partition FOR NO KEY UPDATE OF l
      )
      UPDATE lease l SET member = NULL, holder = NULL, expires_at = NULL, in_flight = NULL
      FROM held WHERE l.consumer_id = $1 AND l.partition = held.partition`,
    values: [
      release.consumerId,
      release.member,
      release.leases.map((it) => it.partition),
      release.leases.map((it) => it.epoch),
    ],
  });
}
