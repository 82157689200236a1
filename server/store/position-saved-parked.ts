import type { Queryable } from "./database.ts";

interface Saving {
  readonly consumerId: number;
  readonly changeId: string;
  readonly topicIds: readonly number[];
}

// All columns but the generated one. Rows never leave the database: 100,000 are saved or put back in about a second,
// which sending them back and forth would not allow.
const COLUMNS = `consumer_id, topic_id, "offset", key, hash, type, state, attempt, attempts_max, due_at, error_name,
  error_message, error_stack, fingerprint, parked_at, failed_at, operation_id, is_replay, discarded_by, discarded_at,
  discard_reason`;

/** Saves all parked events of the topics as they are. The leases must be locked. Returns how many. */
export async function saveParked(db: Queryable, { consumerId, changeId, topicIds }: Saving): Promise<number> {
  const { rowCount } = await db.query({
    name: "save_parked",
    text: `
      INSERT INTO position_change_restore (consumer_id, change_id, kind, place, saved)
      SELECT $1, $2::uuid, 'parked', row_number() OVER (), row_to_json(p)
      FROM (SELECT ${COLUMNS} FROM parked_event
            WHERE consumer_id = $1 AND topic_id = ANY ($3::int[]) ORDER BY topic_id, "offset") p`,
    values: [consumerId, changeId, topicIds],
  });
  return rowCount ?? 0;
}

/** Forgets all parked events of the topics. Returns how many. */
export async function clearParked(db: Queryable, { consumerId, topicIds }: Omit<Saving, "changeId">): Promise<number> {
  const { rowCount } = await db.query({
    name: "clear_parked",
    text: "DELETE FROM parked_event WHERE consumer_id = $1 AND topic_id = ANY ($2::int[])",
    values: [consumerId, topicIds],
  });
  return rowCount ?? 0;
}

interface Reruns {
  readonly consumerId: number;
  readonly reruns: readonly { readonly topicId: number; readonly after: number; readonly through: number }[];
}

const DISCARDED_IN_RERUNS = `
  parked_event p, unnest($2::int[], $3::bigint[], $4::bigint[]) AS r(topic_id, low, high)
  WHERE p.consumer_id = $1 AND p.topic_id = r.topic_id AND p."offset" > r.low AND p."offset" <= r.high
    AND p.state = 'discarded'`;

function valuesOf({ consumerId, reruns }: Reruns): unknown[] {
  const column = (name: "topicId" | "after" | "through") => reruns.map((it) => it[name]);
  return [consumerId, column("topicId"), column("after"), column("through")];
}

/** Saves the discarded events among those that run again. Returns how many. */
export async function saveDiscarded(
  db: Queryable,
  { changeId, ...range }: Reruns & { readonly changeId: string },
): Promise<number> {
  const { rowCount } = await db.query({
    name: "save_discarded",
    text: `
      INSERT INTO position_change_restore (consumer_id, change_id, kind, place, saved)
      SELECT $1, $5::uuid, 'parked', row_number() OVER (), row_to_json(p)
      FROM (SELECT p.* FROM ${DISCARDED_IN_RERUNS}) p`,
    values: [...valuesOf(range), changeId],
  });
  return rowCount ?? 0;
}

/** Removes them. A discarded event is no part of its sequence, so no sequence has to be mended. */
export async function dropDiscarded(db: Queryable, range: Reruns): Promise<void> {
  await db.query({
    name: "drop_discarded",
    text: `DELETE FROM parked_event d USING ${DISCARDED_IN_RERUNS}
      AND d.consumer_id = p.consumer_id AND d.topic_id = p.topic_id AND d."offset" = p."offset"`,
    values: valuesOf(range),
  });
}

/** Has all dead letters of the topics delivered again, with a full set of attempts. Returns how many. */
export async function redriveDead(db: Queryable, { consumerId, topicIds }: Omit<Saving, "changeId">): Promise<number> {
  const { rowCount } = await db.query({
    name: "redrive_dead_of_topics",
    text: `
      UPDATE parked_event SET state = 'retrying', due_at = now(), operation_id = NULL,
        attempts_max = attempt + (SELECT coalesce((retry ->> 'maxAttempts')::int, 5) FROM consumer WHERE id = $1)
      WHERE consumer_id = $1 AND topic_id = ANY ($2::int[]) AND state = 'dead'`,
    values: [consumerId, topicIds],
  });
  return rowCount ?? 0;
}

/**
 * Puts saved parked events back: in place of whatever stands at the same offsets. An operation that is over counts no
 * more, so rows are put back without it; and what only a replay had put there is not put back at all, for it was settled.
 * Returns the sequences that have to be mended because other rows may stand beside what was put back.
 */
export async function restoreParked(
  db: Queryable,
  { consumerId, changeId, topicIds }: Saving,
): Promise<{ topicId: number; sequence: string }[]> {
  const { rows } = await db.query<{ topicId: number; sequence: string }>({
    name: "restore_parked",
    text: `
      WITH saved AS MATERIALIZED (
        SELECT p.* FROM position_change_restore r, json_populate_record(NULL::parked_event, r.saved) p
        WHERE r.consumer_id = $1 AND r.change_id = $2::uuid AND r.kind = 'parked' AND p.topic_id = ANY ($3::int[])
      ), beside AS (
        SELECT EXISTS (SELECT FROM parked_event WHERE consumer_id = $1 AND topic_id = ANY ($3::int[])) AS are
      ), put AS (
        INSERT INTO parked_event AS e (${COLUMNS})
        SELECT p.consumer_id, p.topic_id, p."offset", p.key, p.hash, p.type, p.state, p.attempt, p.attempts_max,
          p.due_at, p.error_name, p.error_message, p.error_stack, p.fingerprint, p.parked_at, p.failed_at, o.id,
          p.is_replay AND o.id IS NOT NULL, p.discarded_by, p.discarded_at, p.discard_reason
        FROM saved p
        LEFT JOIN operation o ON o.consumer_id = p.consumer_id AND o.id = p.operation_id
          AND o.status IN ('queued', 'running', 'paused')
        WHERE NOT (p.is_replay AND p.attempt = 0 AND o.id IS NULL)
        ON CONFLICT (consumer_id, topic_id, "offset") DO UPDATE
        SET (state, attempt, attempts_max, due_at, error_name, error_message, error_stack, fingerprint, parked_at,
             failed_at, operation_id, is_replay, discarded_by, discarded_at, discard_reason)
          = (excluded.state, excluded.attempt, excluded.attempts_max, excluded.due_at, excluded.error_name,
             excluded.error_message, excluded.error_stack, excluded.fingerprint, excluded.parked_at,
             excluded.failed_at, excluded.operation_id, excluded.is_replay, excluded.discarded_by,
             excluded.discarded_at, excluded.discard_reason)
        RETURNING topic_id, sequence
      )
      SELECT DISTINCT topic_id AS "topicId", sequence FROM put
      WHERE (SELECT are FROM beside) OR (SELECT count(*) FROM put) < (SELECT count(*) FROM saved)`,
    values: [consumerId, changeId, topicIds],
  });
  return rows;
}
