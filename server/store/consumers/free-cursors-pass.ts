import type { Queryable } from "../database.ts";

export interface FreePass {
  readonly consumerId: number;
  readonly topicId: number;
  /** The declaration, with the filter, that it was decided on. */
  readonly updatedAt: string;
  readonly passed: readonly {
    readonly partition: number;
    readonly epoch: number;
    readonly parkedVersion: number;
    /** Nothing from the position up to here is for a member. */
    readonly from: number;
    readonly through: number;
  }[];
}

/**
 * Moves positions of partitions that no member holds past what the filter leaves out. Returns how many moved: one that was
 * claimed, moved, or whose consumer was declared anew since it was looked at stays as it is. The consumer's row is
 * share-locked because a declaration may commit another filter between this statement's snapshot and its locks. Leases
 * locked by others are skipped: a claim, a settlement and another instance that does the same come first. A settlement of
 * the last holder that comes later is added to what is covered, in whatever order the two arrive.
 */
export async function passFreeCursors(db: Queryable, pass: FreePass): Promise<number> {
  const { rowCount } = await db.query({
    name: "pass_free_cursors",
    text: `
      WITH known AS (
        SELECT FROM consumer WHERE id = $1 AND updated_at = $3::timestamptz FOR SHARE
      ), free AS MATERIALIZED (
        SELECT l.partition, e.ranges, now() AS at
        FROM lease l
        JOIN unnest($4::int[], $5::bigint[], $6::bigint[], $7::int8multirange[])
          AS e(partition, epoch, parked_version, ranges) ON e.partition = l.partition
        WHERE l.consumer_id = $1 AND (l.member IS NULL OR l.expires_at < now())
          AND l.epoch = e.epoch AND l.parked_version = e.parked_version AND EXISTS (SELECT FROM known)
        ORDER BY l.partition FOR NO KEY UPDATE OF l SKIP LOCKED
      )
      UPDATE cursor c
      SET updated_at = f.at, (position, settled) = (
        SELECT f.missing - 1, f.done - int8multirange(int8range(0, f.missing))
        FROM (
          SELECT d.done, lower(int8multirange(int8range(0, NULL)) - d.done) AS missing
          FROM (SELECT c.settled + f.ranges + int8multirange(int8range(0, c.position + 1)) AS done OFFSET 0) d
          OFFSET 0
        ) f
      )
      FROM free f WHERE c.consumer_id = $1 AND c.topic_id = $2 AND c.partition = f.partition`,
    values: [
      pass.consumerId,
      pass.topicId,
      pass.updatedAt,
      pass.passed.map((it) => it.partition),
      pass.passed.map((it) => it.epoch),
      pass.passed.map((it) => it.parkedVersion),
      pass.passed.map((it) => `{[${it.from},${it.through + 1})}`),
    ],
  });
  return rowCount ?? 0;
}
