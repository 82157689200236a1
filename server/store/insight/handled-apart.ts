import type { Queryable } from "../database.ts";

/** The layer of what was handled whatever filter and partitions say. It has one partition, and hides nothing. */
const APART = 0;

/** Notes events that were handled, one by one. The leases must be locked; several may note at once. */
export async function noteHandledApart(
  db: Queryable,
  of: {
    readonly consumerId: number;
    readonly events: readonly { readonly topicId: number; readonly offset: number }[];
  },
): Promise<void> {
  if (of.events.length === 0) return;
  await db.query({
    name: "note_handled_apart",
    text: `
      INSERT INTO handled_before (consumer_id, topic_id, layer, partitions, prior, offsets)
      SELECT $1, n.topic_id, ${APART}, 1, '[]', ARRAY[range_agg(int8range(n."offset", n."offset" + 1))]
      FROM unnest($2::int[], $3::bigint[]) AS n(topic_id, "offset") GROUP BY n.topic_id
      ON CONFLICT (consumer_id, topic_id, layer) DO UPDATE
      SET offsets = ARRAY[handled_before.offsets[1] + excluded.offsets[1]]`,
    values: [of.consumerId, of.events.map((it) => it.topicId), of.events.map((it) => it.offset)],
  });
}
