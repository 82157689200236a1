import type { Queryable } from "./database.ts";

/** Seconds between two samples. */
export const SAMPLE_S = 10;

const NOW = `to_timestamp(floor(extract(epoch FROM now()) / ${SAMPLE_S}) * ${SAMPLE_S})`;

/**
 * Samples every consumer and topic at the last full ten seconds of the database's clock. Whichever instance comes first
 * writes; the others find their rows there. Returns how many milliseconds it is to the next full ten.
 */
export async function insertSamples(db: Queryable): Promise<number> {
  await db.query({
    name: "insert_consumer_samples",
    text: `
      INSERT INTO consumer_sample (consumer_id, topic_id, resolution_s, at, lag, lag_ms, settled_count, failed_count, parked)
      SELECT s.consumer_id, s.topic_id, ${SAMPLE_S}, ${NOW}, greatest(0, h.head - k.position),
        CASE WHEN h.head > k.position
          THEN coalesce(greatest(0, extract(epoch FROM now() - e.recorded_at) * 1000), 0) ELSE 0 END,
        k.settled, k.failed, coalesce(p.parked, 0)
      FROM subscription s
      JOIN consumer o ON o.id = s.consumer_id AND o.removed_at IS NULL
      JOIN topic_head h ON h.topic_id = s.topic_id
      CROSS JOIN LATERAL (
        SELECT min(position) AS position, sum(settled_count) AS settled, sum(failed_count) AS failed
        FROM cursor WHERE consumer_id = s.consumer_id AND topic_id = s.topic_id
      ) k
      LEFT JOIN event e ON e.topic_id = s.topic_id AND e."offset" = greatest(k.position + 1, h.tail)
      LEFT JOIN (
        SELECT consumer_id, topic_id, count(*) AS parked FROM parked_event
        WHERE state <> 'discarded' AND NOT is_rerun GROUP BY consumer_id, topic_id
      ) p ON p.consumer_id = s.consumer_id AND p.topic_id = s.topic_id
      WHERE k.position IS NOT NULL
      ON CONFLICT DO NOTHING`,
  });
  const { rows } = await db.query<{ next_in_ms: number }>({
    name: "insert_topic_samples",
    text: `
      WITH inserted AS (
        INSERT INTO topic_sample (topic_id, resolution_s, at, head, bytes)
        SELECT topic_id, ${SAMPLE_S}, ${NOW}, head, bytes FROM topic_head ON CONFLICT DO NOTHING
      )
      SELECT ((${SAMPLE_S} - mod(extract(epoch FROM clock_timestamp()), ${SAMPLE_S})) * 1000)::float8 AS next_in_ms`,
  });
  return rows[0]?.next_in_ms ?? SAMPLE_S * 1_000;
}
