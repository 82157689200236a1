import type { Queryable } from "../database.ts";
import type { SequenceName } from "../parked/sequences-mend.ts";

interface Saving {
  readonly consumerId: number;
  readonly changeId: string;
  readonly topicIds: readonly number[];
}

// Rows never leave the database: 100,000 are saved or put back in two seconds or so, which sending them back and forth
// would not allow.

/** Saves all parked events of the topics as they are. The leases must be locked. Returns how many. */
export async function saveParked(db: Queryable, { consumerId, changeId, topicIds }: Saving): Promise<number> {
  const { rowCount } = await db.query({
    name: "save_parked",
    text: `
      INSERT INTO position_change_restore (consumer_id, change_id, kind, place, saved)
      SELECT $1, $2::uuid, 'parked', row_number() OVER (), row_to_json(p)
      FROM parked_event p WHERE consumer_id = $1 AND topic_id = ANY ($3::int[])`,
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

/**
 * Forgets the parked events of the topics that a plan has counted or that run again: what was parked since, and does not
 * come again by itself, was not in the preview and stays. Returns the sequences that still have some, to be mended.
 */
export async function clearPlannedParked(
  db: Queryable,
  {
    consumerId,
    planId,
    topicIds,
    reruns,
  }: {
    readonly consumerId: number;
    readonly planId: string;
    readonly topicIds: readonly number[];
    readonly reruns: readonly { readonly topicId: number; readonly after: number }[];
  },
): Promise<SequenceName[]> {
  await db.query({
    name: "clear_planned_parked",
    text: `
      DELETE FROM parked_event p
      WHERE p.consumer_id = $1 AND p.topic_id = ANY ($2::int[]) AND (
        p.parked_at < (SELECT created_at FROM position_plan WHERE consumer_id = $1 AND id = $3::uuid)
        OR EXISTS (SELECT FROM unnest($4::int[], $5::bigint[]) AS r(topic_id, low)
                   WHERE r.topic_id = p.topic_id AND p."offset" > r.low))`,
    values: [consumerId, topicIds, planId, reruns.map((it) => it.topicId), reruns.map((it) => it.after)],
  });
  const { rows } = await db.query<{ topicId: number; sequence: string }>({
    name: "select_parked_sequences",
    text: `SELECT DISTINCT topic_id AS "topicId", sequence FROM parked_event WHERE consumer_id = $1 AND topic_id = ANY ($2::int[])`,
    values: [consumerId, topicIds],
  });
  return rows;
}

/**
 * Removes what is no letter from among those that run again: discarded events, because the operator asks for them too, and
 * what a replay is about to deliver, because the flow does it now. Returns their sequences, to be mended.
 */
export async function dropRerun(
  db: Queryable,
  {
    consumerId,
    reruns,
  }: {
    readonly consumerId: number;
    readonly reruns: readonly { readonly topicId: number; readonly after: number; readonly through: number }[];
  },
): Promise<SequenceName[]> {
  const { rows } = await db.query<{ topicId: number; sequence: string }>({
    name: "drop_rerun",
    text: `
      DELETE FROM parked_event p USING unnest($2::int[], $3::bigint[], $4::bigint[]) AS r(topic_id, low, high)
      WHERE p.consumer_id = $1 AND p.topic_id = r.topic_id AND p."offset" > r.low AND p."offset" <= r.high
        AND (p.state = 'discarded' OR p.is_rerun)
      RETURNING p.topic_id AS "topicId", p.sequence`,
    values: [consumerId, reruns.map((it) => it.topicId), reruns.map((it) => it.after), reruns.map((it) => it.through)],
  });
  return rows;
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
