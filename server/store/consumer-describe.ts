import type { ConsumerDescription, RetryPolicy, StartPoint } from "../contract/consumers.ts";
import type { Queryable } from "./database.ts";

interface ConsumerRow {
  id: number;
  name: string;
  partitions: number;
  ordering: "key" | "topic";
  retry: RetryPolicy;
  max_in_flight: number;
  ack_timeout_ms: number;
  created_at: string;
  updated_at: string;
}

interface TopicRow {
  consumer_id: number;
  topic: string;
  types: string[] | null;
  keys: string[] | null;
  key_prefix: string | null;
  start: StartPoint;
  position: number;
  head: number;
  lag_ms: number;
  cursors: { partition: number; position: number; epoch: number; member: string | null; expiresAt: string | null }[];
}

interface MemberRow {
  consumer_id: number;
  member: string;
  connected_at: string;
  expires_at: string;
  partitions: number[];
}

/**
 * Consumers with their topics, positions, leases and members, by name: three statements however many there are,
 * because the control room asks once a second. `names` null = all.
 */
export async function describeConsumers(
  db: Queryable,
  names: readonly string[] | null,
): Promise<ConsumerDescription[]> {
  const consumers = await db.query<ConsumerRow>({
    name: "describe_consumers",
    text: `
      SELECT id, name, partitions, ordering, retry, max_in_flight, ack_timeout_ms, created_at, updated_at
      FROM consumer WHERE $1::text[] IS NULL OR name = ANY ($1::text[]) ORDER BY name`,
    values: [names],
  });
  const ids = consumers.rows.map((it) => it.id);
  if (ids.length === 0) return [];
  const topics = await db.query<TopicRow>({
    name: "describe_consumer_topics",
    text: `
      SELECT s.consumer_id, t.name AS topic, s.types, s.keys, s.key_prefix, s.start, p.position, h.head, p.cursors,
        coalesce(greatest(0, extract(epoch FROM clock_timestamp() - e.recorded_at) * 1000), 0)::float8 AS lag_ms
      FROM subscription s
      JOIN topic t ON t.id = s.topic_id
      JOIN topic_head h ON h.topic_id = s.topic_id
      CROSS JOIN LATERAL (
        SELECT min(c.position) AS position, json_agg(json_build_object('partition', c.partition,
          'position', c.position, 'epoch', l.epoch,
          'member', CASE WHEN l.expires_at >= now() THEN l.member END,
          'expiresAt', CASE WHEN l.expires_at >= now() THEN l.expires_at END) ORDER BY c.partition) AS cursors
        FROM cursor c JOIN lease l ON l.consumer_id = c.consumer_id AND l.partition = c.partition
        WHERE c.consumer_id = s.consumer_id AND c.topic_id = s.topic_id
      ) p
      LEFT JOIN event e ON e.topic_id = s.topic_id AND e."offset" = greatest(p.position + 1, h.tail)
      WHERE s.consumer_id = ANY ($1::int[]) AND p.position IS NOT NULL
      ORDER BY t.name`,
    values: [ids],
  });
  const members = await db.query<MemberRow>({
    name: "describe_consumer_members",
    text: `
      SELECT m.consumer_id, m.member, m.connected_at, m.expires_at,
        coalesce((SELECT array_agg(l.partition ORDER BY l.partition) FROM lease l
          WHERE l.consumer_id = m.consumer_id AND l.member = m.member AND l.expires_at >= now()), '{}') AS partitions
      FROM member m WHERE m.consumer_id = ANY ($1::int[]) AND m.expires_at >= now()
      ORDER BY m.connected_at, m.member`,
    values: [ids],
  });
  const topicsOf = byConsumer(topics.rows);
  const membersOf = byConsumer(members.rows);
  return consumers.rows.map((row) => ({
    consumer: row.name,
    topics: (topicsOf.get(row.id) ?? []).map(topicOf),
    partitions: row.partitions,
    ordering: row.ordering,
    retry: row.retry,
    maxInFlight: row.max_in_flight,
    ackTimeoutMs: row.ack_timeout_ms,
    members: (membersOf.get(row.id) ?? []).map((it) => ({
      member: it.member,
      connectedAt: it.connected_at,
      expiresAt: it.expires_at,
      partitions: it.partitions,
    })),
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  }));
}

function byConsumer<Row extends { consumer_id: number }>(rows: readonly Row[]): Map<number, Row[]> {
  const groups = new Map<number, Row[]>();
  for (const row of rows) {
    const group = groups.get(row.consumer_id);
    if (group === undefined) groups.set(row.consumer_id, [row]);
    else group.push(row);
  }
  return groups;
}

function topicOf(row: TopicRow): ConsumerDescription["topics"][number] {
  return {
    topic: row.topic,
    position: row.position,
    head: row.head,
    // The head may have been read a moment before a position that has passed it.
    lag: Math.max(0, row.head - row.position),
    lagMs: row.head > row.position ? row.lag_ms : 0,
    partitions: row.cursors.map((it) => ({
      ...it,
      expiresAt: it.expiresAt === null ? null : new Date(it.expiresAt).toISOString(),
    })),
    ...(row.types !== null && { types: row.types }),
    ...(row.keys !== null && { keys: row.keys }),
    ...(row.key_prefix !== null && { keyPrefix: row.key_prefix }),
    start: row.start,
  };
}
