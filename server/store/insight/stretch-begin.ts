import type { Queryable } from "../database.ts";
import { waitingSql } from "./handled-before-select.ts";
import type { Stretch } from "./stretch-end.ts";

/**
 * Notes where a new stretch begins: what the cursors cover by now, they have not come past in it. What is parked and was
 * not handled before is left out, because it is handled in this stretch when it is released. The leases must be locked,
 * and cursors, earlier layouts and parked events be as they are to stay.
 */
export async function beginStretch(db: Queryable, { consumerId, topicIds, partitions }: Stretch): Promise<void> {
  if (topicIds.length === 0) return;
  await db.query({
    name: "begin_stretch",
    text: `
      WITH ${waitingSql()}
      UPDATE cursor c
      SET inherited = int8multirange(int8range(1, c.position + 1)) + c.settled - coalesce(
        (SELECT w.offsets FROM waiting w WHERE w.topic_id = c.topic_id AND w.partition = c.partition), '{}')
      WHERE c.consumer_id = $1 AND c.topic_id = ANY ($2::int[])`,
    values: [consumerId, topicIds, partitions],
  });
  await db.query({
    name: "begin_stretch_of_layouts",
    text: `
      UPDATE prior_layout l
      SET waiting = coalesce((
        SELECT range_agg(int8range(p."offset", p."offset" + 1)) FROM parked_event p
        WHERE p.consumer_id = l.consumer_id AND p.topic_id = l.topic_id AND p."offset" <= l.ends_at
          AND NOT p.is_replay), '{}')
      WHERE l.consumer_id = $1 AND l.topic_id = ANY ($2::int[])`,
    values: [consumerId, topicIds],
  });
}
