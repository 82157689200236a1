import type { AlertMeasure, AlertSubjectKind } from "../../domain/alert-rule.ts";
import type { Queryable } from "../database.ts";
import { SAMPLE_S } from "../insight/samples-insert.ts";

/** What was sampled of one consumer or topic at one time. */
export interface MeasuredSubject {
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly values: Readonly<Partial<Record<AlertMeasure, number>>>;
}

export interface MeasureSpan {
  /** Milliseconds since 1970. */
  readonly after: number;
  readonly through: number;
  /** Null = of all. */
  readonly names: readonly string[] | null;
}

/** In the order of their time, subject by subject. */
export function selectMeasures(db: Queryable, kind: AlertSubjectKind, span: MeasureSpan): Promise<MeasuredSubject[]> {
  return kind === "consumer" ? ofConsumers(db, span) : ofTopics(db, span);
}

// By the subscription, so that each consumer's samples of a time are looked up by their whole key.
async function ofConsumers(db: Queryable, { after, through, names }: MeasureSpan): Promise<MeasuredSubject[]> {
  const { rows } = await db.query<MeasuredSubject>({
    name: "select_consumer_measures",
    text: `
      SELECT c.name AS subject, (extract(epoch FROM s.at) * 1000)::bigint AS at, json_build_object(
        'lag-seconds', max(CASE WHEN s.is_paused OR s.is_failing THEN 0 ELSE s.lag_ms END) / 1000.0,
        'unattended-events', sum(CASE WHEN s.members = 0 AND NOT s.is_paused THEN s.lag ELSE 0 END),
        'breaker-open', max(s.is_failing::int),
        'halted', max(s.is_halted::int),
        'failures-per-minute', greatest(0, sum(s.failed_count - coalesce(b.failed_count, s.failed_count))),
        'dead-letters', sum(s.dead)) AS values
      FROM subscription u
      JOIN consumer c ON c.id = u.consumer_id AND c.removed_at IS NULL
      JOIN consumer_sample s ON s.consumer_id = u.consumer_id AND s.topic_id = u.topic_id
        AND s.resolution_s = ${SAMPLE_S} AND s.at > to_timestamp($1::float8 / 1000) AND s.at <= to_timestamp($2::float8 / 1000)
      LEFT JOIN consumer_sample b ON b.consumer_id = s.consumer_id AND b.topic_id = s.topic_id
        AND b.resolution_s = ${SAMPLE_S} AND b.at = s.at - interval '60 s'
      WHERE $3::text[] IS NULL OR c.name = ANY ($3)
      GROUP BY c.id, c.name, s.at ORDER BY c.id, s.at`,
    values: [after, through, names],
  });
  return rows;
}

async function ofTopics(db: Queryable, { after, through, names }: MeasureSpan): Promise<MeasuredSubject[]> {
  const { rows } = await db.query<MeasuredSubject>({
    name: "select_topic_measures",
    text: `
      SELECT t.name AS subject, (extract(epoch FROM s.at) * 1000)::bigint AS at,
        json_build_object('retention-held-up', s.is_held_up::int, 'topic-bytes', s.bytes) AS values
      FROM topic t
      JOIN topic_sample s ON s.topic_id = t.id AND s.resolution_s = ${SAMPLE_S}
        AND s.at > to_timestamp($1::float8 / 1000) AND s.at <= to_timestamp($2::float8 / 1000)
      WHERE t.removed_at IS NULL AND ($3::text[] IS NULL OR t.name = ANY ($3))
      ORDER BY t.id, s.at`,
    values: [after, through, names],
  });
  return rows;
}
