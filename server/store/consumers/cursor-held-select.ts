import { parseRanges } from "../../domain/offset-ranges.ts";
import type { CursorState } from "../../domain/partition-flow.ts";
import type { Queryable } from "../database.ts";

export interface HeldCursors {
  readonly partition: number;
  readonly epoch: number;
  readonly parkedVersion: number;
  readonly member: string | null;
  /** The declaration these cursors belong to. */
  readonly updatedAt: string;
  /** By topic id. */
  readonly cursors: ReadonlyMap<number, CursorState>;
}

/** The cursors of partitions together with the epoch and the declaration they stand under, in one snapshot. */
export async function selectHeldCursors(
  db: Queryable,
  held: { readonly consumerId: number; readonly partitions: readonly number[] },
): Promise<HeldCursors[]> {
  const { rows } = await db.query<{
    partition: number;
    epoch: number;
    parked_version: number;
    member: string | null;
    updated_at: string;
    topic_id: number | null;
    position: number;
    settled: string;
  }>({
    name: "select_held_cursors",
    text: `
      SELECT l.partition, l.epoch, l.parked_version, l.member, o.updated_at, c.topic_id, c.position, c.settled::text
      FROM lease l JOIN consumer o ON o.id = l.consumer_id
      LEFT JOIN cursor c ON c.consumer_id = l.consumer_id AND c.partition = l.partition
      WHERE l.consumer_id = $1 AND l.partition = ANY ($2::int[])
      ORDER BY l.partition`,
    values: [held.consumerId, held.partitions],
  });
  const partitions = new Map<number, HeldCursors & { cursors: Map<number, CursorState> }>();
  for (const row of rows) {
    let partition = partitions.get(row.partition);
    if (partition === undefined) {
      const { epoch, parked_version: parkedVersion, member, updated_at: updatedAt } = row;
      partition = { partition: row.partition, epoch, parkedVersion, member, updatedAt, cursors: new Map() };
      partitions.set(row.partition, partition);
    }
    if (row.topic_id === null) continue;
    partition.cursors.set(row.topic_id, { position: row.position, settled: parseRanges(row.settled) });
  }
  return [...partitions.values()];
}
