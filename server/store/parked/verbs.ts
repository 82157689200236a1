import type { Queryable } from "../database.ts";
import { parkedFilterSql, parkedFilterValues, type StoredParkedFilter } from "./filter.ts";

export interface ParkedPlace {
  readonly topicId: number;
  readonly offset: number;
}

/** A row that a verb has changed. */
export interface ChangedRow extends ParkedPlace {
  readonly sequence: string;
  readonly hash: number;
}

/**
 * Heads that a redrive takes up: dead ones, and when asked for by state or offset those that wait for their next time. A
 * filter that names what waits behind a head means the head: nothing else of a sequence can be delivered.
 */
function headCondition(filter: StoredParkedFilter): string {
  const states =
    filter.state === "retrying" ? "('retrying')" : filter.offset !== null ? "('dead', 'retrying')" : "('dead')";
  const itself = parkedFilterSql("p", 2);
  const behind = `EXISTS (
    SELECT FROM parked_event f
    WHERE f.consumer_id = $1 AND f.topic_id = p.topic_id AND f.sequence = p.sequence AND f.state = 'blocked'
      AND ${parkedFilterSql("f", 2)})`;
  const matches = {
    any: `(${itself} OR ${behind})`,
    dead: itself,
    retrying: itself,
    blocked: behind,
    discarded: `false AND ${itself}`,
  };
  return `p.consumer_id = $1 AND p.state IN ${states} AND p.operation_id IS NULL AND ${matches[filter.state ?? "any"]}`;
}

// By all three columns of the rows that were chosen, not by `$1`: see `asked-rows.ts`.
const IS_CHOSEN =
  'p.consumer_id = chosen.consumer_id AND p.topic_id = chosen.topic_id AND p."offset" = chosen."offset"';

/** Every shape of the condition is a prepared statement of its own. */
function shapeOf(filter: StoredParkedFilter): string {
  return `${filter.state ?? "any"}_${filter.offset !== null ? "one" : "all"}`;
}

export async function countRedrivable(
  db: Queryable,
  { consumerId, filter }: { readonly consumerId: number; readonly filter: StoredParkedFilter },
): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: `count_redrivable_${shapeOf(filter)}`,
    text: `SELECT count(*) AS count FROM parked_event p WHERE ${headCondition(filter)}`,
    values: [consumerId, ...parkedFilterValues(filter)],
  });
  return rows[0]?.count ?? 0;
}

/** Makes the next heads after a place due at once, with one attempt more, for an operation. The leases must be locked. */
export async function redriveHeads(
  db: Queryable,
  step: {
    readonly consumerId: number;
    readonly filter: StoredParkedFilter;
    readonly operationId: string;
    readonly after: ParkedPlace | null;
    /** Not what has failed since: what the operation released itself is no second letter of it. */
    readonly failedBefore: string;
    readonly limit: number;
  },
): Promise<ChangedRow[]> {
  const { rows } = await db.query<ChangedRow>({
    name: `redrive_heads_${shapeOf(step.filter)}`,
    text: `
      WITH chosen AS MATERIALIZED (
        SELECT p.consumer_id, p.topic_id, p."offset" FROM parked_event p
        WHERE ${headCondition(step.filter)} AND (p.topic_id, p."offset") > ($7::int, $8::bigint)
          AND coalesce(p.failed_at, p.parked_at) <= $9::timestamptz
        ORDER BY p.topic_id, p."offset" LIMIT $10
      )
      UPDATE parked_event p
      SET attempts_max = CASE WHEN p.state = 'dead' THEN p.attempt + 1 ELSE p.attempts_max END, state = 'retrying',
        due_at = now(), operation_id = $11, delivered_for = $11
      FROM chosen WHERE ${IS_CHOSEN}
      RETURNING p.topic_id AS "topicId", p."offset", p.sequence, p.hash`,
    values: [
      step.consumerId,
      ...parkedFilterValues(step.filter),
      step.after?.topicId ?? 0,
      step.after?.offset ?? 0,
      step.failedBefore,
      step.limit,
      step.operationId,
    ],
  });
  return rows.sort((a, b) => a.topicId - b.topicId || a.offset - b.offset);
}

export async function countParked(
  db: Queryable,
  { consumerId, filter }: { readonly consumerId: number; readonly filter: StoredParkedFilter },
): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: "count_parked",
    text: `
      SELECT count(*) AS count FROM parked_event p
      WHERE p.consumer_id = $1 AND ($7::text IS NULL AND p.state <> 'discarded' OR p.state = $7)
        AND ${parkedFilterSql("p", 2)} AND NOT p.is_rerun`,
    values: [consumerId, ...parkedFilterValues(filter), filter.state],
  });
  return rows[0]?.count ?? 0;
}

/**
 * Discards rows, the last of a sequence first: so that no follower is released while its sequence is on its way out.
 * What a replay put here was passed before: that goes with the replay.
 */
export async function discardRows(
  db: Queryable,
  step: {
    readonly consumerId: number;
    readonly filter: StoredParkedFilter;
    readonly parkedBefore: string;
    readonly by: string;
    readonly reason: string;
    readonly limit: number;
  },
): Promise<ChangedRow[]> {
  const { rows } = await db.query<ChangedRow>({
    name: "discard_rows",
    text: `
      WITH chosen AS MATERIALIZED (
        SELECT p.consumer_id, p.topic_id, p."offset" FROM parked_event p
        WHERE p.consumer_id = $1 AND p.state <> 'discarded' AND ($7::text IS NULL OR p.state = $7)
          AND ${parkedFilterSql("p", 2)} AND NOT p.is_rerun AND p.parked_at <= $8::timestamptz
          -- By state or kind of failure it is meant as it was when the operation began: a follower that a step has
          -- released, and that failed then, was not.
          AND (p.failed_at IS NULL OR p.failed_at <= $8::timestamptz OR ($7::text IS NULL AND $4::text IS NULL))
        ORDER BY p.topic_id DESC, p."offset" DESC LIMIT $9
      )
      UPDATE parked_event p
      SET state = 'discarded', due_at = NULL, operation_id = NULL, discarded_by = $10,
        discarded_at = now(), discard_reason = $11
      FROM chosen WHERE ${IS_CHOSEN}
      RETURNING p.topic_id AS "topicId", p."offset", p.sequence, p.hash`,
    values: [
      step.consumerId,
      ...parkedFilterValues(step.filter),
      step.filter.state,
      step.parkedBefore,
      step.limit,
      step.by,
      step.reason,
    ],
  });
  return rows;
}

/** Brings discarded rows back: those that had failed are dead again, others take their place in the sequence. */
export async function restoreRows(
  db: Queryable,
  step: {
    readonly consumerId: number;
    readonly filter: StoredParkedFilter;
    readonly discardedBefore: string;
    readonly limit: number;
  },
): Promise<ChangedRow[]> {
  const { rows } = await db.query<ChangedRow>({
    name: "restore_rows",
    text: `
      WITH chosen AS MATERIALIZED (
        SELECT p.consumer_id, p.topic_id, p."offset" FROM parked_event p
        WHERE p.consumer_id = $1 AND p.state = 'discarded' AND ${parkedFilterSql("p", 2)}
          AND p.discarded_at <= $7::timestamptz
        ORDER BY p.topic_id, p."offset" LIMIT $8
      )
      UPDATE parked_event p
      SET state = CASE WHEN p.attempt > 0 THEN 'dead' ELSE 'blocked' END,
        attempts_max = CASE WHEN p.attempt > 0 THEN p.attempt ELSE p.attempts_max END,
        discarded_by = NULL, discarded_at = NULL, discard_reason = NULL
      FROM chosen WHERE ${IS_CHOSEN}
      RETURNING p.topic_id AS "topicId", p."offset", p.sequence, p.hash`,
    values: [step.consumerId, ...parkedFilterValues(step.filter), step.discardedBefore, step.limit],
  });
  return rows;
}
