import type { ParkedHead } from "../../domain/partition-flow.ts";
import { askedRows } from "../asked-rows.ts";
import type { Queryable } from "../database.ts";

/** A head as stored: when it is due is told from the database's clock. */
export interface StoredHead extends Omit<ParkedHead, "dueAt"> {
  readonly topicId: number;
  /** Milliseconds from now; negative = overdue. */
  readonly dueInMs: number;
}

export interface PartitionHeads {
  readonly partition: number;
  readonly epoch: number;
  readonly version: number;
  readonly heads: readonly StoredHead[];
  /** Discarded events that lie ahead of the position, because it was moved back or put back. */
  readonly discardedAhead: readonly { readonly topicId: number; readonly offset: number }[];
}

type HeadRow = [
  topicId: number,
  offset: number,
  key: string | null,
  attempt: number,
  isDead: boolean,
  dueInMs: number,
  operationId: string | null,
  isReplay: boolean,
  lostAlone: number | null,
];

const HEAD = `p.topic_id, p."offset", p.key, p.attempt, p.state = 'dead',
  coalesce(extract(epoch FROM p.due_at - clock_timestamp()) * 1000, 0)::float8, p.delivered_for, p.is_replay, p.lost_alone`;

/**
 * All heads of some partitions with the version they are of, in one snapshot. Few discarded events lie ahead of the
 * position, and they are found by their offsets; all the others must not be looked at here, there may be 100,000.
 */
export async function selectPartitionHeads(
  db: Queryable,
  of: { readonly consumerId: number; readonly partitions: readonly number[]; readonly layoutPartitions: number },
): Promise<PartitionHeads[]> {
  const { rows } = await db.query({
    name: "select_partition_heads",
    text: `
      SELECT l.partition, l.epoch, l.parked_version, p.state = 'discarded', ${HEAD}
      FROM lease l LEFT JOIN (
        SELECT hash % $3::bigint AS partition, * FROM parked_event
        WHERE consumer_id = $1 AND state IN ('retrying', 'dead')
        UNION ALL
        SELECT c.partition, p.*
        FROM cursor c JOIN parked_event p ON p.consumer_id = c.consumer_id AND p.topic_id = c.topic_id
          AND p."offset" > c.position AND NOT c.settled @> p."offset" AND p.hash % $3::bigint = c.partition
        WHERE c.consumer_id = $1 AND c.partition = ANY ($2::int[]) AND p.state = 'discarded'
      ) p ON p.partition = l.partition
      WHERE l.consumer_id = $1 AND l.partition = ANY ($2::int[])`,
    values: [of.consumerId, of.partitions, of.layoutPartitions],
    rowMode: "array",
  });
  const partitions = new Map<number, PartitionHeads & { heads: StoredHead[]; discardedAhead: StoredHead[] }>();
  for (const row of rows as [number, number, number, boolean, ...HeadRow][]) {
    const [partition, epoch, version, isDiscarded, ...head] = row;
    let found = partitions.get(partition);
    if (found === undefined) {
      found = { partition, epoch, version, heads: [], discardedAhead: [] };
      partitions.set(partition, found);
    }
    if (head[0] !== null) (isDiscarded ? found.discardedAhead : found.heads).push(headOf(head));
  }
  return [...partitions.values()];
}

/** The heads that some sequences have now. */
export async function selectSequenceHeads(
  db: Queryable,
  of: {
    readonly consumerId: number;
    readonly sequences: readonly { readonly topicId: number; readonly sequence: string }[];
  },
): Promise<{ readonly topicId: number; readonly sequence: string; readonly head: StoredHead | null }[]> {
  const { rows } = await db.query({
    name: "select_sequence_heads",
    text: `
      SELECT a.topic_id, a.sequence, ${HEAD}
      FROM (SELECT DISTINCT * FROM ${askedRows("consumer_id", "$2::int[], $3::text[]", "topic_id, sequence")} s) a
      LEFT JOIN LATERAL (
        SELECT * FROM parked_event
        WHERE consumer_id = a.consumer_id AND topic_id = a.topic_id AND sequence = a.sequence AND state <> 'discarded'
        ORDER BY "offset" LIMIT 1
      ) p ON true`,
    values: [of.consumerId, of.sequences.map((it) => it.topicId), of.sequences.map((it) => it.sequence)],
    rowMode: "array",
  });
  return (rows as [number, string, ...HeadRow][]).map(([topicId, sequence, ...head]) => ({
    topicId,
    sequence,
    head: head[0] === null ? null : headOf(head),
  }));
}

function headOf([
  topicId,
  offset,
  key,
  attempt,
  isDead,
  dueInMs,
  operationId,
  isReplay,
  lostAlone,
]: HeadRow): StoredHead {
  return { topicId, offset, key, attempt, isDead, dueInMs, operationId, isReplay, lostAlone };
}

/** The same on the monotonic clock of the holder. */
export function onClock({ dueInMs, ...head }: StoredHead, now: number): ParkedHead & { readonly topicId: number } {
  return { ...head, dueAt: now + dueInMs };
}
