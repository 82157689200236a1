import type { Queryable } from "../database.ts";

export interface CursorMerge {
  readonly consumerId: number;
  /** The instance that settles: it has to be the holder of all of them. */
  readonly holder: string;
  /** The epochs under which all of it was delivered, and the version of the parked events it was decided on. */
  readonly expected: readonly {
    readonly partition: number;
    readonly epoch: number;
    readonly parkedVersion: number;
  }[];
  readonly cursors: readonly {
    readonly topicId: number;
    readonly partition: number;
    /** `int8multirange` text. */
    readonly ranges: string;
    /** For the rates: how many were settled, and how many deliveries failed. */
    readonly settled: number;
    readonly failed: number;
  }[];
}

/** How a lease stands. */
export interface LeaseStand {
  readonly epoch: number;
  /** The instance whose memory holds the partition. */
  readonly holder: string | null;
  readonly parkedVersion: number;
}

type Expectation = Pick<CursorMerge, "holder" | "expected">;

/** Whether everything still stands as the merge expects it. */
export function isAsExpected(merge: Expectation, leases: ReadonlyMap<number, LeaseStand>): boolean {
  return (
    movedPartitions(merge, leases).size === 0 &&
    merge.expected.every((it) => leases.get(it.partition)?.parkedVersion === it.parkedVersion)
  );
}

/** The partitions that are held no more as the merge expects it: under another epoch, or by another instance. */
export function movedPartitions(
  { holder, expected }: Expectation,
  leases: ReadonlyMap<number, LeaseStand>,
): ReadonlySet<number> {
  const moved = expected.filter((it) => {
    const lease = leases.get(it.partition);
    return lease?.epoch !== it.epoch || lease.holder !== holder;
  });
  return new Set(moved.map((it) => it.partition));
}

/**
 * Adds settled offsets to cursors, if every lease still stands as expected; otherwise changes nothing. Returns how the
 * leases stand. Locking the leases closes the race with a claim and with a position change: either
 * waits for us, or we see its epoch. 0 counts as settled, which makes the first range the floor; the
 * position is one short of the first offset that is missing.
 */
export async function mergeCursors(db: Queryable, merge: CursorMerge): Promise<Map<number, LeaseStand>> {
  const { rows } = await db.query<{ partition: number } & LeaseStand>({
    name: "merge_cursors",
    text: `
      WITH held AS MATERIALIZED (
        SELECT partition, epoch, holder, parked_version FROM lease
        WHERE consumer_id = $1 AND partition = ANY ($2::int[])
        ORDER BY partition FOR NO KEY UPDATE
      ), stale AS MATERIALIZED (
        SELECT FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS e(partition, epoch, parked_version)
        LEFT JOIN held h USING (partition)
        WHERE h.epoch IS DISTINCT FROM e.epoch OR h.holder IS DISTINCT FROM $10::uuid
          OR h.parked_version <> e.parked_version
      ), merged AS (
        UPDATE cursor c
        SET updated_at = now(), settled_count = c.settled_count + s.settled_count,
            failed_count = c.failed_count + s.failed_count, (position, settled) = (
          SELECT f.missing - 1, f.done - int8multirange(int8range(0, f.missing))
          FROM (
            SELECT d.done, lower(int8multirange(int8range(0, NULL)) - d.done) AS missing
            FROM (SELECT c.settled + s.ranges + int8multirange(int8range(0, c.position + 1)) AS done OFFSET 0) d
            OFFSET 0
          ) f
        )
        FROM unnest($5::int[], $6::int[], $7::int8multirange[], $8::bigint[], $9::bigint[])
          AS s(topic_id, partition, ranges, settled_count, failed_count)
        WHERE c.consumer_id = $1 AND c.topic_id = s.topic_id AND c.partition = s.partition
          AND NOT EXISTS (SELECT FROM stale)
      )
      SELECT partition, epoch, holder, parked_version AS "parkedVersion" FROM held`,
    values: [
      merge.consumerId,
      merge.expected.map((it) => it.partition),
      merge.expected.map((it) => it.epoch),
      merge.expected.map((it) => it.parkedVersion),
      merge.cursors.map((it) => it.topicId),
      merge.cursors.map((it) => it.partition),
      merge.cursors.map((it) => it.ranges),
      merge.cursors.map((it) => it.settled),
      merge.cursors.map((it) => it.failed),
      merge.holder,
    ],
  });
  return new Map(rows.map(({ partition, ...stand }) => [partition, stand]));
}
