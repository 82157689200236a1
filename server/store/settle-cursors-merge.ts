import type { Queryable } from "./database.ts";

export interface CursorMerge {
  readonly consumerId: number;
  /** The epochs under which all of it was delivered. */
  readonly expected: readonly { readonly partition: number; readonly epoch: number }[];
  readonly cursors: readonly {
    readonly topicId: number;
    readonly partition: number;
    /** `int8multirange` text. */
    readonly ranges: string;
  }[];
}

/**
 * Adds settled offsets to cursors, if every lease is still under the expected epoch; otherwise changes nothing.
 * Returns the epochs there are. Locking the leases closes the race with a claim and with a position change: either
 * waits for us, or we see its epoch. The union is taken from the row being updated, never from a snapshot, so what
 * another instance merged in the meantime stays. 0 counts as settled, which makes the first range the floor; the
 * position is one short of the first offset that is missing.
 */
export async function mergeCursors(db: Queryable, merge: CursorMerge): Promise<Map<number, number>> {
  const { rows } = await db.query<{ partition: number; epoch: number }>({
    name: "merge_cursors",
    text: `
      WITH held AS MATERIALIZED (
        SELECT partition, epoch FROM lease WHERE consumer_id = $1 AND partition = ANY ($2::int[])
        ORDER BY partition FOR NO KEY UPDATE
      ), stale AS MATERIALIZED (
        SELECT FROM unnest($2::int[], $3::bigint[]) AS e(partition, epoch) LEFT JOIN held h USING (partition)
        WHERE h.epoch IS DISTINCT FROM e.epoch
      ), merged AS (
        UPDATE cursor c
        SET updated_at = now(), (position, settled) = (
          SELECT f.missing - 1, f.done - int8multirange(int8range(0, f.missing))
          FROM (
            SELECT d.done, lower(int8multirange(int8range(0, NULL)) - d.done) AS missing
            FROM (SELECT c.settled + s.ranges + int8multirange(int8range(0, c.position + 1)) AS done OFFSET 0) d
            OFFSET 0
          ) f
        )
        FROM unnest($4::int[], $5::int[], $6::int8multirange[]) AS s(topic_id, partition, ranges)
        WHERE c.consumer_id = $1 AND c.topic_id = s.topic_id AND c.partition = s.partition
          AND NOT EXISTS (SELECT FROM stale)
      )
      SELECT partition, epoch FROM held`,
    values: [
      merge.consumerId,
      merge.expected.map((it) => it.partition),
      merge.expected.map((it) => it.epoch),
      merge.cursors.map((it) => it.topicId),
      merge.cursors.map((it) => it.partition),
      merge.cursors.map((it) => it.ranges),
    ],
  });
  return new Map(rows.map((row) => [row.partition, row.epoch]));
}
