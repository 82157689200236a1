import { askedRows } from "../asked-rows.ts";
import type { Queryable } from "../database.ts";

export interface SequenceName {
  readonly topicId: number;
  /** As in the column: `k` and the key, or `o` and the offset of an event without one. */
  readonly sequence: string;
}

/**
 * Makes the lowest row of each sequence its head again after rows came or went: a blocked one becomes due at once (or is
 * dead still, when it has no attempt left), and a head that has got a row before it is blocked behind that. The leases of
 * their partitions must be locked.
 */
export async function mendSequences(
  db: Queryable,
  { consumerId, sequences }: { readonly consumerId: number; readonly sequences: readonly SequenceName[] },
): Promise<void> {
  if (sequences.length === 0) return;
  await db.query({
    name: "mend_sequences",
    text: `
      WITH lowest AS MATERIALIZED (
        SELECT a.consumer_id, a.topic_id, a.sequence, l."offset"
        FROM (SELECT DISTINCT * FROM ${askedRows("consumer_id", "$2::int[], $3::text[]", "topic_id, sequence")} s) a, LATERAL (
          SELECT "offset" FROM parked_event
          WHERE consumer_id = a.consumer_id AND topic_id = a.topic_id AND sequence = a.sequence AND state <> 'discarded'
          ORDER BY "offset" LIMIT 1
        ) l
      ), demoted AS (
        UPDATE parked_event p SET state = 'blocked', due_at = NULL
        FROM lowest l
        WHERE p.consumer_id = l.consumer_id AND p.topic_id = l.topic_id AND p.sequence = l.sequence
          AND p."offset" > l."offset" AND p.state IN ('retrying', 'dead')
      )
      UPDATE parked_event p
      SET state = CASE WHEN p.attempt < p.attempts_max THEN 'retrying' ELSE 'dead' END,
        due_at = CASE WHEN p.attempt < p.attempts_max THEN now() END
      FROM lowest l
      WHERE p.consumer_id = l.consumer_id AND p.topic_id = l.topic_id AND p."offset" = l."offset" AND p.state = 'blocked'`,
    values: [consumerId, sequences.map((it) => it.topicId), sequences.map((it) => it.sequence)],
  });
}
