import type {
  Breaker,
  ConsumerDescription,
  ConsumerSummary,
  RetryPolicy,
  StartPoint,
} from "../../contract/consumers.ts";
import { consumerStatus } from "../../domain/consumer-status.ts";
import { type RetentionBounds, type RetentionExcess, retentionExcess } from "../../domain/retention-excess.ts";
import type { Queryable } from "../database.ts";
import { type ParkedSummary, selectParkedSummaries } from "../parked/summary-select.ts";

interface ConsumerRow {
  id: number;
  name: string;
  partitions: number;
  ordering: "key" | "topic";
  retry: RetryPolicy;
  breaker: Breaker | null;
  failing: ConsumerDescription["failing"];
  pause: ConsumerDescription["pause"];
  max_in_flight: number;
  ack_timeout_ms: number;
  reconnect_grace_ms: number;
  created_at: string;
  updated_at: string;
  removed_topics: string[];
}

interface TopicRow {
  consumer_id: number;
  topic: string;
  types: string[] | null;
  keys: string[] | null;
  key_prefix: string | null;
  live_only: string[] | null;
  start: StartPoint;
  position: number;
  head: number;
  tail: number;
  bytes: number;
  retention: RetentionBounds | null;
  lag_ms: number;
  still_ms: number;
  cursors:
    | { partition: number; position: number; epoch: number; member: string | null; expiresAt: string | null }[]
    | null;
}

interface MemberRow {
  consumer_id: number;
  member: string;
  connected_at: string;
  connected_ms: number;
  expires_at: string;
  partitions: number[];
}

/** Consumers with their status, topics, positions, leases, members and what is parked, by name. */
export function describeConsumers(db: Queryable, names: readonly string[]): Promise<ConsumerDescription[]> {
  return selectConsumers(db, { names, hasPartitions: true });
}

/** All of them without their partitions: a consumer of many topics has thousands, and a list shows none. */
export async function summariseConsumers(db: Queryable): Promise<ConsumerSummary[]> {
  const all = await selectConsumers(db, { names: null, hasPartitions: false });
  return all.map(({ topics, ...consumer }) => ({
    ...consumer,
    topics: topics.map(({ partitions: _, ...topic }) => topic),
  }));
}

/** Four statements however many there are, because the control room asks once a second. `names` null = all. */
async function selectConsumers(
  db: Queryable,
  { names, hasPartitions }: { readonly names: readonly string[] | null; readonly hasPartitions: boolean },
): Promise<ConsumerDescription[]> {
  const consumers = await db.query<ConsumerRow>({
    name: "describe_consumers",
    text: `
      SELECT id, name, partitions, ordering, retry, breaker, max_in_flight, ack_timeout_ms, reconnect_grace_ms,
        created_at, updated_at,
        CASE WHEN breaker_opened_at IS NOT NULL THEN
          json_build_object('since', breaker_opened_at, 'error', breaker_error, 'nextProbeAt', breaker_probe_at,
            'probes', breaker_probes) END AS failing,
        CASE WHEN pause_kind IS NOT NULL AND (paused_until IS NULL OR paused_until > now()) THEN
          json_build_object('kind', pause_kind, 'reason', coalesce(pause_reason, ''), 'by', coalesce(paused_by, ''),
            'since', paused_at, 'until', paused_until) END AS pause,
        (SELECT coalesce(array_agg(b.name ORDER BY b.name), '{}') FROM subscription s
         JOIN bin_entry b ON b.target_id = s.topic_id AND b.kind = 'topic' WHERE s.consumer_id = consumer.id) AS removed_topics
      FROM consumer
      WHERE removed_at IS NULL AND ($1::text[] IS NULL OR name = ANY ($1::text[])) ORDER BY name`,
    values: [names],
  });
  const ids = consumers.rows.map((it) => it.id);
  if (ids.length === 0) return [];
  const topics = await db.query<TopicRow>({
    name: "describe_consumer_topics",
    text: `
      SELECT s.consumer_id, t.name AS topic, s.types, s.keys, s.key_prefix, s.live_only, s.start, p.position, h.head,
        h.tail, h.bytes, t.retention, p.cursors, (extract(epoch FROM clock_timestamp() - p.moved_at) * 1000)::float8 AS still_ms,
        coalesce(greatest(0, extract(epoch FROM clock_timestamp() - e.recorded_at) * 1000), 0)::float8 AS lag_ms
      FROM subscription s
      JOIN topic t ON t.id = s.topic_id
      JOIN topic_head h ON h.topic_id = s.topic_id
      CROSS JOIN LATERAL (
        SELECT min(c.position) AS position, max(c.updated_at) AS moved_at, json_agg(json_build_object('partition', c.partition,
          'position', c.position, 'epoch', l.epoch,
          'member', CASE WHEN l.expires_at >= now() THEN l.member END,
          'expiresAt', CASE WHEN l.expires_at >= now() THEN l.expires_at END) ORDER BY c.partition) FILTER (WHERE $2) AS cursors
        FROM cursor c JOIN lease l ON l.consumer_id = c.consumer_id AND l.partition = c.partition
        WHERE c.consumer_id = s.consumer_id AND c.topic_id = s.topic_id
      ) p
      LEFT JOIN event e ON e.topic_id = s.topic_id AND e."offset" = greatest(p.position + 1, h.tail)
      WHERE s.consumer_id = ANY ($1::int[]) AND p.position IS NOT NULL
      ORDER BY t.name`,
    values: [ids, hasPartitions],
  });
  const members = await db.query<MemberRow>({
    name: "describe_consumer_members",
    text: `
      SELECT m.consumer_id, m.member, m.connected_at, m.expires_at,
        (extract(epoch FROM clock_timestamp() - m.connected_at) * 1000)::float8 AS connected_ms,
        coalesce((SELECT array_agg(l.partition ORDER BY l.partition) FROM lease l
          WHERE l.consumer_id = m.consumer_id AND l.member = m.member AND l.expires_at >= now()), '{}') AS partitions
      FROM member m WHERE m.consumer_id = ANY ($1::int[]) AND m.expires_at >= now()
      ORDER BY m.connected_at, m.member`,
    values: [ids],
  });
  const parked = await selectParkedSummaries(db, ids);
  const topicsOf = byConsumer(topics.rows);
  const membersOf = byConsumer(members.rows);
  return consumers.rows.map((row) => ({
    consumer: row.name,
    ...statusOf(row, {
      topics: topicsOf.get(row.id) ?? [],
      members: membersOf.get(row.id) ?? [],
      parked: parked.get(row.id) ?? NOTHING_PARKED,
    }),
    pause: pauseOf(row),
    failing: failureOf(row),
    parked: (parked.get(row.id) ?? NOTHING_PARKED).counts,
    topics: (topicsOf.get(row.id) ?? []).map(topicOf),
    removedTopics: row.removed_topics,
    partitions: row.partitions,
    ordering: row.ordering,
    retry: row.retry,
    breaker: row.breaker,
    maxInFlight: row.max_in_flight,
    ackTimeoutMs: row.ack_timeout_ms,
    reconnectGraceMs: row.reconnect_grace_ms,
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

/** JSON made by the database writes times with an offset. */
function pauseOf({ pause }: ConsumerRow): ConsumerDescription["pause"] {
  if (pause === null) return null;
  const { since, until } = pause;
  return { ...pause, since: isoOf(since), until: until === null ? null : isoOf(until) };
}

function failureOf({ failing }: ConsumerRow): ConsumerDescription["failing"] {
  if (failing === null) return null;
  const { since, nextProbeAt } = failing;
  return { ...failing, since: isoOf(since), nextProbeAt: nextProbeAt === null ? null : isoOf(nextProbeAt) };
}

function isoOf(time: string): string {
  return new Date(time).toISOString();
}

const NOTHING_PARKED: ParkedSummary = {
  counts: { retrying: 0, dead: 0, blocked: 0, discarded: 0 },
  deadWithKey: 0,
  head: null,
};

function statusOf(
  row: ConsumerRow,
  of: {
    readonly topics: readonly TopicRow[];
    readonly members: readonly MemberRow[];
    readonly parked: ParkedSummary;
  },
): Pick<ConsumerDescription, "status" | "why"> {
  return consumerStatus({
    pause: pauseOf(row),
    failing: failureOf(row),
    ordering: row.ordering,
    ackTimeoutMs: row.ack_timeout_ms,
    members: of.members.length,
    connectedMs: Math.max(0, ...of.members.map((it) => it.connected_ms)),
    topics: of.topics.map((it) => ({ ...topicOf(it), stillMs: it.still_ms })),
    parked: of.parked.counts,
    deadWithKey: of.parked.deadWithKey,
    head: of.parked.head,
  });
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

/** The event after its position is the first that is kept, and retention would have taken it. */
function holdsUpOf({ retention, position, head, tail, bytes, lag_ms }: TopicRow): RetentionExcess | null {
  if (position >= tail) return null;
  return retentionExcess(retention, { events: head - tail + 1, bytes, oldestMs: lag_ms });
}

function topicOf(row: TopicRow): ConsumerDescription["topics"][number] {
  return {
    topic: row.topic,
    position: row.position,
    head: row.head,
    // The head may have been read a moment before a position that has passed it.
    lag: Math.max(0, row.head - row.position),
    lagMs: row.head > row.position ? row.lag_ms : 0,
    partitions: (row.cursors ?? []).map((it) => ({
      ...it,
      expiresAt: it.expiresAt === null ? null : new Date(it.expiresAt).toISOString(),
    })),
    holdsUp: holdsUpOf(row),
    ...(row.types !== null && { types: row.types }),
    ...(row.keys !== null && { keys: row.keys }),
    ...(row.key_prefix !== null && { keyPrefix: row.key_prefix }),
    ...(row.live_only !== null && { liveOnly: row.live_only }),
    start: row.start,
  };
}
