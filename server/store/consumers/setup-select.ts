import type { Breaker } from "../../domain/breaker.ts";
import type { EventFilter } from "../../domain/event-filter.ts";
import type { PriorLayout } from "../../domain/layout.ts";
import { type OffsetRange, OffsetRanges } from "../../domain/offset-ranges.ts";
import type { RetryRules } from "../../domain/retry-policy.ts";
import type { Queryable } from "../database.ts";

export interface SubscribedTopic {
  readonly topicId: number;
  readonly topic: string;
  readonly filter: EventFilter;
  /** Types that are never delivered as a replay. */
  readonly liveOnly: readonly string[];
}

/** Why nothing new is delivered now. */
export interface SetupPause {
  readonly kind: "operator" | "halted";
  readonly reason: string;
  readonly until: string | null;
  /** Milliseconds until it ends by itself; null = when somebody resumes. */
  readonly endsInMs: number | null;
}

/** An open breaker. */
export interface SetupFailure {
  /** Milliseconds until one delivery is tried; ≤ 0 = now. Null while one is under way. */
  readonly probeInMs: number | null;
  /** Deliveries tried in vain since it opened. */
  readonly probes: number;
}

/** A consumer as the engine runs it. */
export interface ConsumerSetup {
  readonly consumerId: number;
  readonly consumer: string;
  readonly partitions: number;
  /** Rises whenever `partitions` changes. */
  readonly layout: number;
  readonly ordering: "key" | "topic";
  readonly retry: RetryRules;
  /** Null = off. */
  readonly breaker: Breaker | null;
  /** Set while the breaker is open. */
  readonly failing: SetupFailure | null;
  readonly pause: SetupPause | null;
  readonly maxInFlight: number;
  readonly ackTimeoutMs: number;
  /** How long a member whose connection broke is awaited. */
  readonly reconnectGraceMs: number;
  /** Changes with every declaration, pause and resumption. */
  readonly updatedAt: string;
  readonly topics: readonly SubscribedTopic[];
  /** Names of topics that are in the bin; it keeps its place in them. */
  readonly removedTopics: readonly string[];
  readonly priorLayouts: readonly PriorLayout[];
  /** It is in the bin: its members are to be told `removed`, and their streams end. Only found by id. */
  readonly isRemoved: boolean;
}

interface Row {
  id: number;
  name: string;
  partitions: number;
  layout: number;
  ordering: "key" | "topic";
  retry: RetryRules;
  breaker: Breaker | null;
  is_failing: boolean;
  probe_in_ms: number | null;
  breaker_probes: number;
  pause_kind: SetupPause["kind"] | null;
  pause_reason: string | null;
  paused_until: string | null;
  pause_ends_in_ms: number | null;
  max_in_flight: number;
  ack_timeout_ms: number;
  reconnect_grace_ms: number;
  updated_at: string;
  topics: {
    topicId: number;
    topic: string;
    types: string[] | null;
    keys: string[] | null;
    keyPrefix: string | null;
    liveOnly: string[] | null;
  }[];
  removed_topics: string[];
  prior_layouts: StoredLayout[];
  is_removed: boolean;
}

interface StoredLayout {
  topicId: number;
  layout: number;
  partitions: number;
  cursors: { partition: number; position: number; settled: OffsetRange[] }[];
  endsAt: number;
}

/** Finds a consumer by id or name; null when there is none. */
export async function selectConsumerSetup(
  db: Queryable,
  by: { readonly consumerId: number } | { readonly consumer: string },
): Promise<ConsumerSetup | null> {
  const isById = "consumerId" in by;
  const { rows } = await db.query<Row>({
    name: isById ? "select_consumer_setup_by_id" : "select_consumer_setup_by_name",
    text: `
      SELECT c.id, c.name, c.removed_at IS NOT NULL AS is_removed, c.partitions, c.layout, c.ordering, c.retry, c.breaker, c.breaker_probes,
        c.breaker_opened_at IS NOT NULL AS is_failing,
        (extract(epoch FROM c.breaker_probe_at - clock_timestamp()) * 1000)::float8 AS probe_in_ms,
        CASE WHEN c.paused_until IS NULL OR c.paused_until > now() THEN c.pause_kind END AS pause_kind, c.pause_reason,
        c.paused_until, (extract(epoch FROM c.paused_until - now()) * 1000)::float8 AS pause_ends_in_ms, c.max_in_flight,
        c.ack_timeout_ms, c.reconnect_grace_ms, c.updated_at,
        (SELECT coalesce(json_agg(json_build_object('topicId', s.topic_id, 'topic', t.name, 'types', s.types,
                                                    'keys', s.keys, 'keyPrefix', s.key_prefix,
                                                    'liveOnly', s.live_only) ORDER BY t.name), '[]')
         FROM subscription s JOIN topic t ON t.id = s.topic_id
         WHERE s.consumer_id = c.id AND t.removed_at IS NULL) AS topics,
        (SELECT coalesce(array_agg(b.name), '{}') FROM subscription s
         JOIN bin_entry b ON b.target_id = s.topic_id AND b.kind = 'topic' WHERE s.consumer_id = c.id) AS removed_topics,
        (SELECT coalesce(json_agg(json_build_object('topicId', p.topic_id, 'layout', p.layout,
                   'partitions', p.partitions, 'cursors', p.cursors, 'endsAt', p.ends_at)), '[]')
         FROM prior_layout p WHERE p.consumer_id = c.id AND NOT p.is_passed) AS prior_layouts
      FROM consumer c WHERE ${isById ? "c.id = $1::int" : "c.name = $1::text"}`,
    values: [isById ? by.consumerId : by.consumer],
  });
  const row = rows[0];
  if (row === undefined) return null;
  return {
    consumerId: row.id,
    consumer: row.name,
    partitions: row.partitions,
    layout: row.layout,
    ordering: row.ordering,
    retry: row.retry,
    breaker: row.breaker,
    failing: row.is_failing ? { probeInMs: row.probe_in_ms, probes: row.breaker_probes } : null,
    pause: pauseOf(row),
    maxInFlight: row.max_in_flight,
    ackTimeoutMs: row.ack_timeout_ms,
    reconnectGraceMs: row.reconnect_grace_ms,
    updatedAt: row.updated_at,
    topics: row.topics.map(({ topicId, topic, liveOnly, ...filter }) => ({
      topicId,
      topic,
      filter: filterOf(filter),
      liveOnly: liveOnly ?? [],
    })),
    removedTopics: row.removed_topics,
    isRemoved: row.is_removed,
    priorLayouts: row.prior_layouts.map((it) => ({
      ...it,
      cursors: new Map(it.cursors.map((c) => [c.partition, { ...c, settled: new OffsetRanges(c.settled) }])),
    })),
  };
}

function pauseOf(row: Row): SetupPause | null {
  if (row.pause_kind === null) return null;
  return {
    kind: row.pause_kind,
    reason: row.pause_reason ?? "",
    until: row.paused_until,
    endsInMs: row.pause_ends_in_ms,
  };
}

/** A filter as the columns of `subscription` hold it. */
export function filterOf(row: {
  readonly types: readonly string[] | null;
  readonly keys: readonly string[] | null;
  readonly keyPrefix: string | null;
}): EventFilter {
  return {
    ...(row.types !== null && { types: row.types }),
    ...(row.keys !== null && { keys: row.keys }),
    ...(row.keyPrefix !== null && { keyPrefix: row.keyPrefix }),
  };
}
