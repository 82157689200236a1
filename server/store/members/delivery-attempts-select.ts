import type { Queryable } from "../database.ts";

/** Deliveries of one event that broke off, one after the other, since it last failed or the position was moved. */
export interface BrokenDeliveries {
  readonly count: number;
  /** Deliveries that ended with the session of their member, and not because of a goodbye or a server that stopped. */
  readonly lost: number;
  /** The number of the last of them. */
  readonly lastAttempt: number;
}

/** The error of a delivery that ended with the session of its member. */
export const CONNECTION_LOST = "ConnectionLost";

// As many as one member may have had in flight when it broke off.
const MAX_EVENTS = 10_000;

/** Of events that are not settled yet, by `topicId offset`. */
export async function selectBrokenDeliveries(
  db: Queryable,
  consumerId: number,
): Promise<Map<string, BrokenDeliveries>> {
  const { rows } = await db.query<{ topic_id: number; offset: number } & BrokenDeliveries>({
    name: "select_broken_deliveries",
    text: `
      WITH since AS (
        SELECT coalesce(max(applied_at), '-infinity') AS at FROM position_change WHERE consumer_id = $1
      ), stand AS (
        SELECT topic_id, min(position) AS position FROM cursor WHERE consumer_id = $1 GROUP BY topic_id
      ), attempts AS (
        SELECT d.* FROM stand s
        JOIN delivery_attempt d ON d.consumer_id = $1 AND d.topic_id = s.topic_id AND d."offset" > s.position
        UNION ALL
        SELECT d.* FROM stand s
        JOIN parked_event p ON p.consumer_id = $1 AND p.topic_id = s.topic_id AND p."offset" <= s.position
          AND p.state = 'retrying'
        JOIN delivery_attempt d ON d.consumer_id = $1 AND d.topic_id = p.topic_id AND d."offset" = p."offset"
      )
      SELECT d.topic_id, d."offset", count(*) AS count, count(*) FILTER (WHERE d.error_name = $2) AS lost,
        max(d.attempt) AS "lastAttempt"
      FROM attempts d, since
      WHERE d.outcome = 'interrupted' AND d.at > since.at AND NOT EXISTS (
        SELECT FROM delivery_attempt l
        WHERE l.consumer_id = $1 AND l.topic_id = d.topic_id AND l."offset" = d."offset" AND l.attempt > d.attempt
          AND l.outcome <> 'interrupted' AND l.at > since.at)
      GROUP BY d.topic_id, d."offset" LIMIT $3`,
    values: [consumerId, CONNECTION_LOST, MAX_EVENTS],
  });
  return new Map(rows.map(({ topic_id, offset, ...broken }) => [`${topic_id} ${offset}`, broken]));
}
