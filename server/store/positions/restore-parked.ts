import { formatRanges } from "../../domain/offset-ranges.ts";
import type { RestorePoint } from "../../domain/restore-point.ts";
import type { Queryable } from "../database.ts";
import type { SequenceName } from "../parked/sequences-mend.ts";

interface Restoring {
  readonly consumerId: number;
  /** The change that saved them. */
  readonly changeId: string;
  readonly topicIds: readonly number[];
}

const KEY_COLUMNS = `consumer_id, topic_id, "offset", key, sequence, hash, type`;
const REST = [
  "state",
  "attempt",
  "attempts_max",
  "due_at",
  "error_name",
  "error_message",
  "error_stack",
  "fingerprint",
  "parked_at",
  "failed_at",
  "operation_id",
  "is_replay",
  "lost_alone",
  "is_rerun",
  "delivered_for",
  "discarded_by",
  "discarded_at",
  "discard_reason",
];

// An operation that is over counts no more, so rows are put back without it; what only a replay had put there
// was settled, and is not put back once that replay is over.
const SAVED = `
  saved AS MATERIALIZED (
    SELECT p.*, o.id AS open_operation
    FROM position_change_restore r
    CROSS JOIN LATERAL json_populate_record(NULL::parked_event, r.saved) p
    LEFT JOIN operation o ON o.consumer_id = p.consumer_id AND o.id = p.operation_id
      AND o.status IN ('queued', 'running', 'paused')
    WHERE r.consumer_id = $1 AND r.change_id = $2::uuid AND r.kind = 'parked' AND p.topic_id = ANY ($3::int[])
  ), wanted AS (
    SELECT * FROM saved WHERE NOT (is_rerun AND open_operation IS NULL)
  )`;
const PUT = `
  INSERT INTO parked_event (${KEY_COLUMNS}, ${REST.join(", ")})
  SELECT ${KEY_COLUMNS}, ${REST.map((it) => (it === "operation_id" ? "open_operation" : it)).join(", ")}
  FROM wanted w`;

/**
 * Puts all saved parked events of the topics back; there must be none. The leases must be locked. Returns the sequences
 * that have to be mended, because not all of their rows could be put back.
 */
export async function replaceParked(
  db: Queryable,
  { consumerId, changeId, topicIds }: Restoring,
): Promise<SequenceName[]> {
  const { rows } = await db.query<{ topicId: number; sequence: string }>({
    name: "replace_parked",
    text: `
      WITH ${SAVED}, put AS (${PUT})
      SELECT DISTINCT topic_id AS "topicId", sequence FROM saved
      WHERE is_rerun AND open_operation IS NULL`,
    values: [consumerId, changeId, topicIds],
  });
  return rows;
}

/**
 * Takes back what a move back has done to parked events that it kept. Events that the consumer had settled before, and
 * that are parked now without having been parked then, are settled again; in their sequences, what is still parked is
 * as it was; discarded events that the move had removed are discarded again, and replays that still run have theirs back. All other sequences, and what was redriven
 * or failed for the first time since, stay as they are. Events that a replay is about to deliver stay too.
 * The leases must be locked. Returns the sequences that have to be mended.
 */
export async function takeBackRerun(
  db: Queryable,
  { consumerId, changeId, topicIds, point }: Restoring & { readonly point: RestorePoint },
): Promise<SequenceName[]> {
  const covered = [
    ...point.cursors.map((it) => ({ ...it, partitions: point.partitions })),
    ...point.priorLayouts.flatMap(({ topicId, partitions, cursors }) =>
      cursors.map((it) => ({ ...it, topicId, partitions })),
    ),
  ].filter((it) => topicIds.includes(it.topicId));
  const { rows } = await db.query<{ topicId: number; sequence: string }>({
    name: "take_back_rerun",
    text: `
      WITH ${SAVED}, covered AS (
        SELECT * FROM unnest($4::int[], $5::int[], $6::int[], $7::bigint[], $8::int8multirange[])
          AS c(topic_id, partitions, partition, position, settled)
      ), gone AS (
        DELETE FROM parked_event p USING covered c
        WHERE p.consumer_id = $1 AND p.topic_id = c.topic_id AND p.hash % c.partitions = c.partition
          AND (p."offset" <= c.position OR c.settled @> p."offset")
          AND NOT EXISTS (SELECT FROM saved s WHERE s.topic_id = p.topic_id AND s."offset" = p."offset")
          AND NOT p.is_rerun
        RETURNING p.topic_id, p.sequence
      ), reached AS (
        SELECT topic_id, min(position) AS position FROM unnest($9::int[], $10::bigint[]) AS a(topic_id, position)
        GROUP BY topic_id
      ), again AS (
        SELECT s.topic_id, s."offset", s.sequence FROM saved s JOIN reached a USING (topic_id)
        WHERE (s.state = 'discarded' OR s.is_rerun AND s.open_operation IS NOT NULL) AND s."offset" > a.position
      ), affected AS (
        SELECT topic_id, sequence FROM gone UNION SELECT topic_id, sequence FROM again
      ), put AS (
        ${PUT}
        WHERE (topic_id, "offset") IN (SELECT topic_id, "offset" FROM again)
          OR ((topic_id, sequence) IN (SELECT topic_id, sequence FROM affected)
              AND EXISTS (SELECT FROM parked_event p
                          WHERE p.consumer_id = $1 AND p.topic_id = w.topic_id AND p."offset" = w."offset"))
        ON CONFLICT (consumer_id, topic_id, "offset") DO UPDATE
        SET (${REST.join(", ")}) = (${REST.map((it) => `excluded.${it}`).join(", ")})
      )
      SELECT topic_id AS "topicId", sequence FROM affected`,
    values: [
      consumerId,
      changeId,
      topicIds,
      covered.map((it) => it.topicId),
      covered.map((it) => it.partitions),
      covered.map((it) => it.partition),
      covered.map((it) => it.position),
      covered.map((it) => formatRanges(it.settled)),
      point.after.map((it) => it.topicId),
      point.after.map((it) => it.position),
    ],
  });
  return rows;
}
