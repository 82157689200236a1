import type { Queryable } from "../database.ts";

export interface LeaseClaim {
  readonly consumerId: number;
  readonly member: string;
  readonly session: string;
  /** It holds them in its memory from now on, and alone settles them. */
  readonly instance: string;
  /** The layout the claimer knows: under another one it would deliver other partitions' events. */
  readonly layout: number;
  readonly partitions: readonly number[];
  readonly leaseMs: number;
}

/**
 * Claims those of the partitions that nobody holds, each under an epoch of its own. Expiry is decided here, on the
 * database's clock, so no reaper is needed. The consumer's row is share-locked because a declaration that changes the
 * layout may commit between this statement's snapshot and its locks. Leases locked by others are skipped rather than
 * waited for: one stuck settlement must not hold up the claim of its neighbours; the caller tries again.
 */
export async function claimLeases(db: Queryable, claim: LeaseClaim): Promise<{ partition: number; epoch: number }[]> {
  const { rows } = await db.query<{ partition: number; epoch: number }>({
    name: "claim_leases",
    text: `
      WITH known AS (
        SELECT FROM consumer WHERE id = $1 AND layout = $4 AND removed_at IS NULL FOR SHARE
      ), alive AS (
        SELECT FROM member WHERE consumer_id = $1 AND member = $2 AND session = $3 FOR SHARE
      ), free AS (
        SELECT partition FROM lease
        WHERE consumer_id = $1 AND partition = ANY ($5::int[]) AND (member IS NULL OR expires_at < now())
          AND EXISTS (SELECT FROM known) AND EXISTS (SELECT FROM alive)
        ORDER BY partition
        FOR NO KEY UPDATE SKIP LOCKED
      )
      UPDATE lease l
      SET epoch = l.epoch + 1, member = $2, holder = $7, in_flight = NULL, claimed_at = now(), expires_at = now() + $6 * interval '1 ms'
      FROM free WHERE l.consumer_id = $1 AND l.partition = free.partition
      RETURNING l.partition, l.epoch`,
    values: [
      claim.consumerId,
      claim.member,
      claim.session,
      claim.layout,
      claim.partitions,
      claim.leaseMs,
      claim.instance,
    ],
  });
  return rows;
}
