import type { Queryable } from "../database.ts";

/** Seconds between two samples. */
export const SAMPLE_S = 10;

/** As `retentionExcess` has it; a test holds the two together. */
const EXCESS = `(t.retention ->> 'force') IS DISTINCT FROM 'true' AND (
          h.head - h.tail + 1 > (t.retention ->> 'maxEvents')::bigint OR h.bytes > (t.retention ->> 'maxBytes')::bigint
          OR extract(epoch FROM now() - e.recorded_at) * 1000 > (t.retention ->> 'maxAgeMs')::bigint)`;

const NOW = `to_timestamp(floor(extract(epoch FROM now()) / ${SAMPLE_S}) * ${SAMPLE_S})`;

export interface Sampled {
  /** To the next full ten seconds. */
  readonly nextInMs: number;
  /** The full ten of this sample, in milliseconds since 1970. */
  readonly at: number;
  /** Whether this call wrote any of it; another instance wrote the rest. */
  readonly isWritten: boolean;
}

/**
 * Samples every consumer and topic at the last full ten seconds of the database's clock. Whichever instance comes first
 * writes; the others find their rows there.
 */
export async function insertSamples(db: Queryable): Promise<Sampled> {
  const { rowCount } = await db.query({
    name: "insert_consumer_samples",
    text: `
      INSERT INTO consumer_sample (consumer_id, topic_id, resolution_s, at, lag, lag_ms, settled_count, failed_count, parked,
        dead, members, is_paused, is_halted, is_failing)
      SELECT s.consumer_id, s.topic_id, ${SAMPLE_S}, ${NOW}, greatest(0, h.head - k.position),
        CASE WHEN h.head > k.position
          THEN coalesce(greatest(0, extract(epoch FROM now() - e.recorded_at) * 1000), 0) ELSE 0 END,
        k.settled, k.failed, coalesce(p.parked, 0), coalesce(p.dead, 0), coalesce(m.count, 0),
        c.pause IS NOT NULL, coalesce(c.pause = 'halted', false), c.is_failing
      FROM subscription s
      JOIN consumer o ON o.id = s.consumer_id AND o.removed_at IS NULL
      JOIN (
        SELECT id, breaker_opened_at IS NOT NULL AS is_failing,
          CASE WHEN paused_until IS NULL OR paused_until > now() THEN pause_kind END AS pause
        FROM consumer
      ) c ON c.id = s.consumer_id
      JOIN topic_head h ON h.topic_id = s.topic_id
      CROSS JOIN LATERAL (
        SELECT min(position) AS position, sum(settled_count) AS settled, sum(failed_count) AS failed
        FROM cursor WHERE consumer_id = s.consumer_id AND topic_id = s.topic_id
      ) k
      LEFT JOIN event e ON e.topic_id = s.topic_id AND e."offset" = greatest(k.position + 1, h.tail)
      LEFT JOIN (
        SELECT consumer_id, topic_id, count(*) AS parked, count(*) FILTER (WHERE state = 'dead') AS dead FROM parked_event
        WHERE state <> 'discarded' AND NOT is_rerun GROUP BY consumer_id, topic_id
      ) p ON p.consumer_id = s.consumer_id AND p.topic_id = s.topic_id
      LEFT JOIN (
        SELECT consumer_id, count(*) FROM member WHERE expires_at >= now() GROUP BY consumer_id
      ) m ON m.consumer_id = s.consumer_id
      WHERE k.position IS NOT NULL
      ON CONFLICT DO NOTHING`,
  });
  const { rows } = await db.query<{ nextInMs: number; at: number; written: number }>({
    name: "insert_topic_samples",
    text: `
      WITH inserted AS (
        INSERT INTO topic_sample (topic_id, resolution_s, at, head, bytes, is_held_up)
        SELECT h.topic_id, ${SAMPLE_S}, ${NOW}, h.head, h.bytes, coalesce(slowest.position < h.tail AND ${EXCESS}, false)
        FROM topic_head h
        JOIN topic t ON t.id = h.topic_id
        LEFT JOIN LATERAL (
          SELECT min(k.position) AS position FROM subscription s
          JOIN cursor k ON k.consumer_id = s.consumer_id AND k.topic_id = s.topic_id
          WHERE s.topic_id = h.topic_id AND t.retention IS NOT NULL
        ) slowest ON true
        LEFT JOIN event e ON e.topic_id = h.topic_id AND e."offset" = h.tail AND t.retention IS NOT NULL
        ON CONFLICT DO NOTHING
        RETURNING 1
      )
      SELECT ((${SAMPLE_S} - mod(extract(epoch FROM clock_timestamp()), ${SAMPLE_S})) * 1000)::float8 AS "nextInMs",
        (extract(epoch FROM ${NOW}) * 1000)::bigint AS at, (SELECT count(*) FROM inserted) AS written`,
  });
  const { nextInMs, at, written } = rows[0] ?? { nextInMs: SAMPLE_S * 1_000, at: 0, written: 0 };
  return { nextInMs, at, isWritten: written + (rowCount ?? 0) > 0 };
}
