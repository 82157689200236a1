import type { FigureFacts } from "../../domain/figures.ts";
import type { Queryable } from "../database.ts";

export interface FigureBounds {
  readonly maxTopics: number;
  readonly maxConsumers: number;
  readonly maxSubscriptions: number;
  readonly maxParked: number;
}

// The sum of the bounds bounds an answer: some 25 lines for each consumer and topic.
const DEFAULT_BOUNDS: FigureBounds = {
  maxTopics: 5_000,
  maxConsumers: 5_000,
  maxSubscriptions: 10_000,
  maxParked: 1_000_000,
};

/**
 * All figures in one statement, so that they are of one instant. The oldest topics and consumers come first: a bound
 * leaves out the same ones each time, and no series comes and goes.
 */
export async function selectFigures(db: Queryable, bounds: Partial<FigureBounds> = {}): Promise<FigureFacts> {
  const { maxTopics, maxConsumers, maxSubscriptions, maxParked } = { ...DEFAULT_BOUNDS, ...bounds };
  const { rows } = await db.query<FigureFacts>({
    name: "select_figures",
    text: `
      WITH topics AS MATERIALIZED (
        SELECT t.id, t.name, t.retention, h.head, h.tail, h.bytes
        FROM topic t JOIN topic_head h ON h.topic_id = t.id
        WHERE t.removed_at IS NULL ORDER BY t.id LIMIT $1
      ), consumers AS MATERIALIZED (
        SELECT id, name, breaker_opened_at,
          CASE WHEN paused_until IS NULL OR paused_until > now() THEN pause_kind END AS pause
        FROM consumer WHERE removed_at IS NULL ORDER BY id LIMIT $2
      ), pairs AS MATERIALIZED (
        SELECT s.consumer_id, s.topic_id, c.name AS consumer, t.name AS topic, t.head, t.tail,
          CASE WHEN s.types IS NOT NULL OR s.keys IS NOT NULL OR s.key_prefix IS NOT NULL
            THEN json_build_object('types', s.types, 'keys', s.keys, 'keyPrefix', s.key_prefix) END AS filter
        FROM subscription s JOIN consumers c ON c.id = s.consumer_id JOIN topics t ON t.id = s.topic_id
        ORDER BY s.consumer_id, s.topic_id LIMIT $3
      ), parked AS (
        SELECT p.consumer_id, p.topic_id, count(*) FILTER (WHERE state = 'retrying') AS retrying,
          count(*) FILTER (WHERE state = 'dead') AS dead, count(*) FILTER (WHERE state = 'blocked') AS blocked,
          count(*) FILTER (WHERE state = 'discarded') AS discarded,
          min(parked_at) FILTER (WHERE state <> 'discarded') AS oldest
        FROM (SELECT consumer_id, topic_id, state, parked_at FROM parked_event WHERE NOT is_rerun LIMIT $4) p
        GROUP BY p.consumer_id, p.topic_id
      )
      SELECT pg_database_size(current_database()) AS "databaseBytes",
        (SELECT coalesce(json_agg(json_build_object('topic', t.name, 'head', t.head, 'tail', t.tail, 'bytes', t.bytes,
            'retention', t.retention, 'slowest', slowest.position,
            'oldestMs', coalesce(extract(epoch FROM clock_timestamp() - e.recorded_at) * 1000, 0)) ORDER BY t.id), '[]')
          FROM topics t
          LEFT JOIN LATERAL (
            SELECT min(k.position) AS position FROM subscription s
            JOIN consumer c ON c.id = s.consumer_id AND c.removed_at IS NULL
            JOIN cursor k ON k.consumer_id = s.consumer_id AND k.topic_id = s.topic_id
            WHERE s.topic_id = t.id AND t.retention IS NOT NULL
          ) slowest ON true
          LEFT JOIN event e ON e.topic_id = t.id AND e."offset" = t.tail AND t.retention IS NOT NULL
        ) AS topics,
        (SELECT coalesce(json_agg(json_build_object('id', c.id, 'consumer', c.name, 'members', coalesce(m.count, 0),
            'isPaused', c.pause IS NOT NULL, 'isHalted', coalesce(c.pause = 'halted', false),
            'isBreakerOpen', c.breaker_opened_at IS NOT NULL) ORDER BY c.id), '[]')
          FROM consumers c LEFT JOIN (
            SELECT consumer_id, count(*) FROM member WHERE expires_at >= now() GROUP BY consumer_id
          ) m ON m.consumer_id = c.id
        ) AS consumers,
        (SELECT coalesce(json_agg(json_build_object('consumer', p.consumer, 'topic', p.topic,
            'lag', greatest(0, p.head - k.position), 'lagSeconds', CASE WHEN p.head > k.position
              THEN coalesce(greatest(0, extract(epoch FROM clock_timestamp() - e.recorded_at)), 0) ELSE 0 END,
            'settled', k.settled, 'failed', k.failed, 'position', k.position,
            'filter', CASE WHEN p.head > k.position THEN p.filter END, 'isFiltered', p.filter IS NOT NULL) ORDER BY p.consumer_id, p.topic_id), '[]')
          FROM pairs p
          CROSS JOIN LATERAL (
            SELECT min(position) AS position, sum(settled_count)::bigint AS settled, sum(failed_count)::bigint AS failed
            FROM cursor WHERE consumer_id = p.consumer_id AND topic_id = p.topic_id
          ) k
          LEFT JOIN event e ON e.topic_id = p.topic_id AND e."offset" = greatest(k.position + 1, p.tail)
          WHERE k.position IS NOT NULL
        ) AS subscriptions,
        (SELECT coalesce(json_agg(json_build_object('consumer', p.consumer, 'topic', p.topic,
            'counts', json_build_object('retrying', coalesce(x.retrying, 0), 'dead', coalesce(x.dead, 0),
              'blocked', coalesce(x.blocked, 0), 'discarded', coalesce(x.discarded, 0)),
            'oldestSeconds', coalesce(greatest(0, extract(epoch FROM clock_timestamp() - x.oldest)), 0)
          ) ORDER BY p.consumer_id, p.topic_id), '[]')
          FROM pairs p LEFT JOIN parked x USING (consumer_id, topic_id)
        ) AS parked,
        (SELECT coalesce(json_agg(json_build_object('consumer', c.name, 'kind', o.kind, 'status', o.status,
            'count', o.count, 'total', o.total, 'done', o.done, 'failed', o.failed)
            ORDER BY c.id, o.kind, o.status), '[]')
          FROM consumers c JOIN (
            SELECT consumer_id, kind, status, count(*), sum(total)::bigint AS total, sum(done)::bigint AS done,
              sum(failed)::bigint AS failed
            FROM operation WHERE status IN ('queued', 'running', 'paused') GROUP BY consumer_id, kind, status
          ) o ON o.consumer_id = c.id
        ) AS operations,
        json_build_object(
          'topics', (SELECT count(*) FROM topic WHERE removed_at IS NULL) - (SELECT count(*) FROM topics),
          'consumers', (SELECT count(*) FROM consumer WHERE removed_at IS NULL) - (SELECT count(*) FROM consumers),
          'subscriptions', (SELECT count(*) FROM subscription s
            JOIN consumer c ON c.id = s.consumer_id AND c.removed_at IS NULL
            JOIN topic t ON t.id = s.topic_id AND t.removed_at IS NULL) - (SELECT count(*) FROM pairs),
          'parkedEvents', ((SELECT coalesce(sum(retrying + dead + blocked + discarded), 0) FROM parked) >= $4)::int
        ) AS "leftOut"`,
    values: [maxTopics, maxConsumers, maxSubscriptions, maxParked],
  });
  const [figures] = rows;
  if (figures === undefined) throw new Error("the figures came without a row");
  return figures;
}
