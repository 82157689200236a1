import type { Queryable } from "../database.ts";

export interface WaitingOffsets {
  readonly topicId: number;
  /** `int8multirange` text. */
  readonly offsets: string;
}

/** What is parked of some topics and was never handled. The leases must be locked. */
export async function selectWaitingOffsets(
  db: Queryable,
  { consumerId, topicIds }: { readonly consumerId: number; readonly topicIds: readonly number[] },
): Promise<WaitingOffsets[]> {
  const { rows } = await db.query<WaitingOffsets>({
    name: "select_waiting_offsets",
    text: `
      SELECT topic_id AS "topicId", range_agg(int8range("offset", "offset" + 1))::text AS offsets FROM parked_event
      WHERE consumer_id = $1 AND topic_id = ANY ($2::int[]) AND NOT is_replay GROUP BY topic_id`,
    values: [consumerId, topicIds],
  });
  return rows;
}

/**
 * Notes which parked events a position change has cleared, of those that nobody had handled: what was parked before it,
 * and is not any more. As ranges, because looking into 100,000 saved rows takes seconds.
 */
export async function noteCleared(
  db: Queryable,
  cleared: { readonly consumerId: number; readonly changeId: string; readonly before: readonly WaitingOffsets[] },
): Promise<void> {
  const { consumerId, changeId, before } = cleared;
  if (before.length === 0) return;
  await db.query({
    name: "note_cleared",
    text: `
      INSERT INTO cleared_event (consumer_id, change_id, topic_id, offsets)
      SELECT $1, $2::uuid, c.topic_id, c.offsets
      FROM (
        SELECT b.topic_id, b.offsets - coalesce((
          SELECT range_agg(int8range(p."offset", p."offset" + 1)) FROM parked_event p
          WHERE p.consumer_id = $1 AND p.topic_id = b.topic_id), '{}') AS offsets
        FROM unnest($3::int[], $4::int8multirange[]) AS b(topic_id, offsets)
      ) c
      WHERE NOT isempty(c.offsets)`,
    values: [consumerId, changeId, before.map((it) => it.topicId), before.map((it) => it.offsets)],
  });
}
