import type { Queryable } from "../database.ts";
import type { EventKey } from "../topics/event-keys-select.ts";
import type { SequenceName } from "./sequences-mend.ts";

interface OfTopic {
  readonly consumerId: number;
  readonly topicId: number;
  readonly offsets: readonly number[];
}

/** Parked events not marked as handled, though some partition had come past them in an earlier stretch. */
export async function selectParkedPassed(
  db: Queryable,
  of: { readonly consumerId: number; readonly topicIds: readonly number[] },
): Promise<(EventKey & { readonly topicId: number })[]> {
  const { rows } = await db.query<EventKey & { topicId: number }>({
    name: "select_parked_passed",
    text: `
      WITH passed AS (
        SELECT topic_id, range_agg(o.offsets) AS offsets FROM handled_before h CROSS JOIN unnest(h.offsets) AS o(offsets)
        WHERE consumer_id = $1 AND topic_id = ANY ($2::int[]) GROUP BY topic_id
      )
      SELECT p.topic_id AS "topicId", p."offset", p.key, p.type FROM parked_event p JOIN passed h ON h.topic_id = p.topic_id
      WHERE p.consumer_id = $1 AND NOT p.is_replay AND h.offsets @> p."offset"`,
    values: [of.consumerId, of.topicIds],
  });
  return rows;
}

/** Their deliveries are replays from now on. The leases must be locked. */
export async function markParkedHandled(db: Queryable, { consumerId, topicId, offsets }: OfTopic): Promise<void> {
  await db.query({
    name: "mark_parked_handled",
    text: `UPDATE parked_event SET is_replay = true WHERE consumer_id = $1 AND topic_id = $2 AND "offset" = ANY ($3::bigint[])`,
    values: [consumerId, topicId, offsets],
  });
}

/** Forgets that they are parked. The leases must be locked. Returns their sequences, to be mended. */
export async function dropParkedHandled(
  db: Queryable,
  { consumerId, topicId, offsets }: OfTopic,
): Promise<SequenceName[]> {
  const { rows } = await db.query<SequenceName>({
    name: "drop_parked_handled",
    text: `
      DELETE FROM parked_event WHERE consumer_id = $1 AND topic_id = $2 AND "offset" = ANY ($3::bigint[])
      RETURNING topic_id AS "topicId", sequence`,
    values: [consumerId, topicId, offsets],
  });
  return rows;
}
