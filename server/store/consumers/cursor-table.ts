import type { PartitionCursor } from "../../domain/layout.ts";
import { formatRanges, parseRanges } from "../../domain/offset-ranges.ts";
import type { Queryable } from "../database.ts";

export interface StoredCursor extends PartitionCursor {
  readonly topicId: number;
}

/** The cursors of a consumer in the topics that it reads. Exact only while its leases are locked. */
export async function selectCursors(db: Queryable, consumerId: number): Promise<StoredCursor[]> {
  return readCursors(db, consumerId, {
    name: "select_cursors",
    where: "AND EXISTS (SELECT FROM subscription s WHERE s.consumer_id = c.consumer_id AND s.topic_id = c.topic_id)",
  });
}

/** The same, with those of topics that it was made to drop. By topic and partition. */
export async function selectAllCursors(db: Queryable, consumerId: number): Promise<StoredCursor[]> {
  return readCursors(db, consumerId, { name: "select_all_cursors", where: "" });
}

async function readCursors(
  db: Queryable,
  consumerId: number,
  { name, where }: { readonly name: string; readonly where: string },
): Promise<StoredCursor[]> {
  const { rows } = await db.query<Omit<StoredCursor, "settled"> & { settled: string }>({
    name,
    text: `
      SELECT topic_id AS "topicId", partition, position, settled::text
      FROM cursor c WHERE c.consumer_id = $1 ${where} ORDER BY topic_id, partition`,
    values: [consumerId],
  });
  return rows.map((row) => ({ ...row, settled: parseRanges(row.settled) }));
}

/**
 * Replaces the cursors of the topics named in them. How much was settled and how much failed is counted for ever, so the
 * counts of a partition stay; those of partitions that are no more go to the first. `beginStretch` has to follow.
 */
export async function replaceCursors(
  db: Queryable,
  consumerId: number,
  cursors: readonly StoredCursor[],
): Promise<void> {
  const counts = await db.query<{ topicId: number; partition: number; settled: number; failed: number }>({
    name: "clear_cursors",
    text: `
      DELETE FROM cursor WHERE consumer_id = $1 AND topic_id = ANY ($2::int[])
      RETURNING topic_id AS "topicId", partition, settled_count AS settled, failed_count AS failed`,
    values: [consumerId, [...new Set(cursors.map((it) => it.topicId))]],
  });
  const known = new Set(cursors.map((it) => `${it.topicId}/${it.partition}`));
  const countsOf = new Map<string, { settled: number; failed: number }>();
  for (const { topicId, partition, settled, failed } of counts.rows) {
    const own = `${topicId}/${partition}`;
    const place = known.has(own) ? own : `${topicId}/0`;
    const sum = countsOf.get(place);
    countsOf.set(place, { settled: settled + (sum?.settled ?? 0), failed: failed + (sum?.failed ?? 0) });
  }
  await db.query({
    name: "insert_cursors",
    text: `
      INSERT INTO cursor (consumer_id, topic_id, partition, position, settled, settled_count, failed_count)
      SELECT $1, * FROM unnest($2::int[], $3::int[], $4::bigint[], $5::int8multirange[], $6::bigint[], $7::bigint[])`,
    values: [
      consumerId,
      cursors.map((it) => it.topicId),
      cursors.map((it) => it.partition),
      cursors.map((it) => it.position),
      cursors.map((it) => formatRanges(it.settled)),
      cursors.map((it) => countsOf.get(`${it.topicId}/${it.partition}`)?.settled ?? 0),
      cursors.map((it) => countsOf.get(`${it.topicId}/${it.partition}`)?.failed ?? 0),
    ],
  });
}
