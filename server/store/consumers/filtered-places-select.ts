import type { Queryable } from "../database.ts";

/** Partitions of one consumer that no member holds, in a topic of which it takes a part. */
export interface FilteredPlace {
  readonly consumerId: number;
  readonly topicId: number;
  readonly partitions: readonly number[];
  /** The lowest of them. */
  readonly position: number;
  /** Another text whenever a position, an epoch, a declaration or what is parked is another. */
  readonly stand: string;
}

/**
 * A listing over all consumers, for one look every few seconds. A lease that has run out counts as free, by the database's
 * clock, as it does for whoever claims it. What changes without an epoch only rises, so that sums tell.
 */
export async function selectFilteredPlaces(db: Queryable): Promise<FilteredPlace[]> {
  const { rows } = await db.query<FilteredPlace>({
    name: "select_filtered_places",
    text: `
      SELECT s.consumer_id AS "consumerId", s.topic_id AS "topicId", array_agg(c.partition ORDER BY c.partition) AS partitions,
        min(c.position) AS position,
        concat_ws(' ', o.updated_at, count(*), sum(c.position), sum(l.epoch), sum(l.parked_version)) AS stand
      FROM subscription s
      JOIN consumer o ON o.id = s.consumer_id AND o.removed_at IS NULL
      JOIN topic t ON t.id = s.topic_id AND t.removed_at IS NULL
      JOIN cursor c ON c.consumer_id = s.consumer_id AND c.topic_id = s.topic_id
      JOIN lease l ON l.consumer_id = c.consumer_id AND l.partition = c.partition
      WHERE (s.types IS NOT NULL OR s.keys IS NOT NULL OR s.key_prefix IS NOT NULL)
        AND (l.member IS NULL OR l.expires_at < now())
      GROUP BY s.consumer_id, s.topic_id, o.updated_at ORDER BY s.consumer_id, s.topic_id`,
  });
  return rows;
}
