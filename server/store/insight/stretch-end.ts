import type { Queryable } from "../database.ts";
import { HANDLED_SINCE, PASSED_LAYOUT, waitingSql } from "./handled-before-select.ts";

export interface Stretch {
  readonly consumerId: number;
  readonly topicIds: readonly number[];
  /** Of the layout that the cursors are of. */
  readonly partitions: number;
}

/**
 * Notes what was handled since the stretch began: what the cursors have come past since, but for what is parked and was
 * not handled before. Comes before whatever changes partitions, filters or positions; `beginStretch` follows. The
 * leases must be locked. Nothing leaves the database: what is parked may have 100,000 rows.
 */
export async function endStretch(db: Queryable, { consumerId, topicIds, partitions }: Stretch): Promise<void> {
  if (topicIds.length === 0) return;
  await db.query({
    name: "end_stretch",
    text: `
      WITH ${waitingSql()}, handled AS (
        SELECT c.topic_id, array_agg(${HANDLED_SINCE} ORDER BY c.partition) AS offsets
        FROM cursor c LEFT JOIN waiting w ON w.topic_id = c.topic_id AND w.partition = c.partition
        WHERE c.consumer_id = $1 AND c.topic_id = ANY ($2::int[]) GROUP BY c.topic_id
      ), ended AS (
        SELECT s.topic_id, s.types, s.keys, s.key_prefix, h.offsets,
          (SELECT coalesce(json_agg(${PASSED_LAYOUT} ORDER BY l.layout), '[]')
           FROM prior_layout l WHERE l.consumer_id = $1 AND l.topic_id = s.topic_id) AS prior
        FROM subscription s JOIN handled h ON h.topic_id = s.topic_id
        WHERE s.consumer_id = $1 AND EXISTS (SELECT FROM unnest(h.offsets) o WHERE NOT isempty(o))
      )
      INSERT INTO handled_before (consumer_id, topic_id, layer, partitions, types, keys, key_prefix, prior, offsets)
      SELECT $1, e.topic_id, coalesce(
          (SELECT b.layer FROM handled_before b
           WHERE b.consumer_id = $1 AND b.topic_id = e.topic_id AND b.partitions = $3 AND b.layer > 0
             AND (b.types, b.keys, b.key_prefix) IS NOT DISTINCT FROM (e.types, e.keys, e.key_prefix)
             AND b.prior::text = e.prior::text),
          (SELECT coalesce(max(b.layer), 0) + 1 FROM handled_before b WHERE b.consumer_id = $1 AND b.topic_id = e.topic_id)),
        $3, e.types, e.keys, e.key_prefix, e.prior, e.offsets
      FROM ended e
      ON CONFLICT (consumer_id, topic_id, layer) DO UPDATE
      SET offsets = ARRAY(SELECT o.old + o.new FROM unnest(handled_before.offsets, excluded.offsets)
                          WITH ORDINALITY AS o(old, new, n) ORDER BY o.n)`,
    values: [consumerId, topicIds, partitions],
  });
  await db.query({
    name: "forget_passed_layouts",
    text: "DELETE FROM prior_layout WHERE consumer_id = $1 AND topic_id = ANY ($2::int[]) AND is_passed",
    values: [consumerId, topicIds],
  });
}
