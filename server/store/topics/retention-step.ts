import type { Retention } from "../../contract/topics.ts";
import { formatRanges, type OffsetRange, type OffsetRanges } from "../../domain/offset-ranges.ts";
import type { Queryable } from "../database.ts";

/** Topics that retention may have something to do in: they have bounds, or had. */
export async function selectRetainedTopics(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>({
    name: "select_retained_topics",
    text: `
      SELECT t.id FROM topic t JOIN topic_head h ON h.topic_id = t.id
      WHERE t.retention IS NOT NULL OR h.tail > 1 ORDER BY t.id`,
  });
  return rows.map((row) => row.id);
}

/**
 * Takes a topic for this transaction alone; null = another instance has it, a consumer of it is being declared, or it is
 * in the bin.
 * Declarations wait until it ends.
 */
export async function claimRetention(db: Queryable, topicId: number): Promise<{ retention: Retention | null } | null> {
  const { rows } = await db.query<{ retention: Retention | null }>({
    name: "claim_retention",
    text: "SELECT retention FROM topic WHERE id = $1 AND removed_at IS NULL FOR UPDATE SKIP LOCKED",
    values: [topicId],
  });
  return rows[0] ?? null;
}

/** The consumers of a topic, by id; they can neither be declared anew nor moved until the transaction ends. */
export async function lockTopicConsumers(
  db: Queryable,
  topicId: number,
): Promise<{ consumerId: number; partitions: number }[]> {
  const { rows } = await db.query<{ consumerId: number; partitions: number }>({
    name: "lock_topic_consumers",
    text: `
      SELECT c.id AS "consumerId", c.partitions FROM consumer c
      WHERE c.id IN (SELECT consumer_id FROM subscription WHERE topic_id = $1) ORDER BY c.id FOR KEY SHARE`,
    values: [topicId],
  });
  return rows;
}

const bytesOf = (row: string) =>
  `coalesce(octet_length(${row}.data::text), octet_length(${row}.data_bytes), 0) + octet_length(${row}.attributes::text)`;
const BYTES = bytesOf("e");

/** Where retention stands in one topic. */
export interface RetentionReach {
  readonly tail: number;
  /** The last offset of the next `maxRows` that a bound asks to go; 0 = none. */
  readonly through: number;
  /** Of the slowest partition of all consumers; null = the topic has none. */
  readonly slowest: number | null;
  /** The same with consumers in the bin, which hold up nothing. */
  readonly slowestOfAll: number | null;
}

/**
 * How far the bounds reach, within the first rows that are kept. Whatever bound asks for an event asks for all before
 * it: offsets and times rise, and bytes are counted from the tail.
 */
export async function selectRetentionReach(
  db: Queryable,
  of: { readonly topicId: number; readonly retention: Retention; readonly maxRows: number },
): Promise<RetentionReach> {
  const { maxAgeMs, maxEvents, maxBytes } = of.retention;
  const { rows } = await db.query<RetentionReach>({
    name: maxBytes === undefined ? "select_retention_reach" : "select_retention_reach_by_bytes",
    text: `
      SELECT h.tail, p.slowest, p.slowest_of_all AS "slowestOfAll",
        coalesce((SELECT max(e."offset") FROM (
          SELECT e."offset", e.recorded_at,
            ${maxBytes === undefined ? "0" : `h.bytes - (sum(${BYTES}) OVER (ORDER BY e."offset") - (${BYTES}))`} AS bytes_left
          FROM event e WHERE e.topic_id = $1 AND e."offset" >= h.tail AND e."offset" < h.tail + $2
        ) e
        WHERE e."offset" <= h.head - $3::bigint
          OR e.recorded_at < now() - make_interval(secs => $4::float8) OR e.bytes_left > $5::bigint), 0) AS through
      FROM topic_head h CROSS JOIN LATERAL (
        -- One in the bin holds up nothing; what it has parked stays readable all the same.
        SELECT min(c.position) FILTER (WHERE o.removed_at IS NULL) AS slowest, min(c.position) AS slowest_of_all
        FROM subscription s JOIN cursor c ON c.consumer_id = s.consumer_id AND c.topic_id = s.topic_id
        JOIN consumer o ON o.id = s.consumer_id
        WHERE s.topic_id = $1
      ) p WHERE h.topic_id = $1`,
    values: [
      of.topicId,
      of.maxRows,
      maxEvents ?? null,
      maxAgeMs === undefined ? null : maxAgeMs / 1_000,
      maxBytes ?? null,
    ],
  });
  const [row] = rows;
  if (row === undefined) throw new Error(`topic ${of.topicId} has no head`);
  return row;
}

/** Who has parked what of a range, or would have it parked again by undoing a position change. The leases must be locked. */
export async function selectParkedInRange(
  db: Queryable,
  of: { readonly topicId: number; readonly consumerIds: readonly number[]; readonly range: OffsetRange },
): Promise<{ consumerId: number; offset: number }[]> {
  const { rows } = await db.query<{ consumerId: number; offset: number }>({
    name: "select_parked_in_range",
    text: `
      SELECT consumer_id AS "consumerId", "offset" FROM parked_event
      WHERE consumer_id = ANY ($2::int[]) AND topic_id = $1 AND "offset" BETWEEN $3 AND $4
      UNION
      SELECT consumer_id, (saved ->> 'offset')::bigint FROM position_change_restore
      WHERE consumer_id = ANY ($2::int[]) AND kind = 'parked' AND (saved ->> 'topic_id')::int = $1
        AND (saved ->> 'offset')::bigint BETWEEN $3 AND $4
      UNION
      -- Parked by a consumer that was made to drop the topic, and may take it back.
      SELECT consumer_id, "offset" FROM shelved_event WHERE topic_id = $1 AND "offset" BETWEEN $3 AND $4`,
    values: [of.topicId, of.consumerIds, of.range[0], of.range[1]],
  });
  return rows;
}

/** Notes what a consumer will never be delivered, because retention takes it, or has taken it. */
export async function insertExpired(
  db: Queryable,
  of: { readonly consumerId: number; readonly topicId: number; readonly offsets: OffsetRanges },
): Promise<void> {
  if (of.offsets.size === 0) return;
  await db.query({
    name: "insert_expired",
    text: `
      INSERT INTO expired_event (consumer_id, topic_id, offsets) VALUES ($1, $2, $3::int8multirange)
      ON CONFLICT (consumer_id, topic_id) DO UPDATE SET offsets = expired_event.offsets + excluded.offsets`,
    values: [of.consumerId, of.topicId, formatRanges(of.offsets)],
  });
}

// Of the keys of rows that go: an expectation may still be about them.
const REMEMBERED = `remembered AS (
        INSERT INTO purged_key (topic_id, key, last_offset)
        SELECT $1::int, gone.key, max(gone."offset") FROM gone WHERE gone.key IS NOT NULL GROUP BY gone.key
        ON CONFLICT (topic_id, key) DO UPDATE SET last_offset = greatest(purged_key.last_offset, excluded.last_offset)
      )`;

/**
 * Deletes a range of events but for some, and moves the tail past it; the topic's bytes stay right, and what was the last
 * offset of a key is remembered. Returns how many were deleted.
 */
export async function deleteEvents(
  db: Queryable,
  of: { readonly topicId: number; readonly range: OffsetRange; readonly except: readonly number[] },
): Promise<number> {
  await db.query("SET LOCAL millrace.retention = 'on'");
  const { rows } = await db.query<{ count: number }>({
    name: "delete_events",
    text: `
      WITH gone AS (
        DELETE FROM event e WHERE e.topic_id = $1 AND e."offset" BETWEEN $2 AND $3 AND e."offset" <> ALL ($4::bigint[])
        RETURNING e.key, e."offset", ${BYTES} AS bytes
      ), ${REMEMBERED}, moved AS (
        UPDATE topic_head SET tail = greatest(tail, $3::bigint + 1),
          bytes = greatest(0, bytes - (SELECT coalesce(sum(gone.bytes), 0) FROM gone))
        WHERE topic_id = $1
      )
      SELECT count(*) AS count FROM gone`,
    values: [of.topicId, of.range[0], of.range[1], of.except],
  });
  return rows[0]?.count ?? 0;
}

// Kept below the tail because it was parked, and parked by nobody any more, not even in what an undo puts back.
const LEFT_BEHIND = `e.topic_id = $1 AND e."offset" < (SELECT tail FROM topic_head WHERE topic_id = $1)
  AND NOT EXISTS (
    SELECT FROM subscription s
    JOIN parked_event p ON p.consumer_id = s.consumer_id AND p.topic_id = s.topic_id AND p."offset" = e."offset"
    WHERE s.topic_id = $1)
  AND NOT EXISTS (SELECT FROM shelved_event v WHERE v.topic_id = $1 AND v."offset" = e."offset")
  AND NOT EXISTS (
    SELECT FROM subscription s JOIN position_change_restore r ON r.consumer_id = s.consumer_id
    WHERE s.topic_id = $1 AND r.kind = 'parked' AND (r.saved ->> 'topic_id')::int = $1
      AND (r.saved ->> 'offset')::bigint = e."offset")`;

/** Whether events were left behind below the tail that nobody has parked any more. */
export async function hasLeftBehind(db: Queryable, topicId: number): Promise<boolean> {
  const { rows } = await db.query<{ exists: boolean }>({
    name: "has_left_behind",
    text: `SELECT EXISTS (SELECT FROM event e WHERE ${LEFT_BEHIND}) AS exists`,
    values: [topicId],
  });
  return rows[0]?.exists === true;
}

/** Deletes some of them. Returns how many. The leases must be locked. */
export async function deleteLeftBehind(
  db: Queryable,
  of: { readonly topicId: number; readonly maxRows: number },
): Promise<number> {
  await db.query("SET LOCAL millrace.retention = 'on'");
  const { rows } = await db.query<{ count: number }>({
    name: "delete_left_behind",
    text: `
      WITH gone AS (
        DELETE FROM event d WHERE d.topic_id = $1
          AND d."offset" = ANY (ARRAY(SELECT e."offset" FROM event e WHERE ${LEFT_BEHIND} LIMIT $2))
        RETURNING d.key, d."offset", ${bytesOf("d")} AS bytes
      ), ${REMEMBERED}, moved AS (
        UPDATE topic_head SET bytes = greatest(0, bytes - (SELECT coalesce(sum(gone.bytes), 0) FROM gone))
        WHERE topic_id = $1 AND EXISTS (SELECT FROM gone)
      )
      SELECT count(*) AS count FROM gone`,
    values: [of.topicId, of.maxRows],
  });
  return rows[0]?.count ?? 0;
}
