import type { Queryable } from "../database.ts";
import type { SequenceName } from "../parked/sequences-mend.ts";

export interface ConsumerCopy {
  readonly from: number;
  readonly to: number;
  /** The topics that both have. */
  readonly topicIds: readonly number[];
}

const ROW = `topic_id, "offset", key, sequence, lost_alone, hash, type, state, attempt, attempts_max, due_at, error_name, error_message, error_stack,
  fingerprint, parked_at, failed_at, discarded_by, discarded_at, discard_reason, is_replay`;

/**
 * Copies parked events with their attempts. What operations do to the one consumer is not done to the other: rows lose
 * theirs, and what a replay had put there stays behind. The leases of both must be locked. Returns how many rows there
 * are, and the sequences that have to be mended because they lost some.
 */
export async function copyParked(
  db: Queryable,
  { from, to, topicIds }: ConsumerCopy,
): Promise<{ count: number; sequences: SequenceName[] }> {
  const { rowCount } = await db.query({
    name: "copy_parked",
    text: `
      INSERT INTO parked_event (consumer_id, ${ROW})
      SELECT $2, ${ROW} FROM parked_event WHERE consumer_id = $1 AND topic_id = ANY ($3::int[]) AND NOT is_rerun`,
    values: [from, to, topicIds],
  });
  await db.query({
    name: "copy_delivery_attempts",
    text: `
      INSERT INTO delivery_attempt (consumer_id, topic_id, "offset", attempt, at, member, outcome, error_name,
        error_message, error_stack)
      SELECT p.consumer_id, a.topic_id, a."offset", a.attempt, a.at, a.member, a.outcome, a.error_name,
        a.error_message, a.error_stack
      FROM parked_event p
      JOIN delivery_attempt a ON a.consumer_id = $1 AND a.topic_id = p.topic_id AND a."offset" = p."offset"
      WHERE p.consumer_id = $2`,
    values: [from, to],
  });
  const { rows } = await db.query<{ topicId: number; sequence: string }>({
    name: "select_replayed_sequences",
    text: `
      SELECT DISTINCT topic_id AS "topicId", sequence FROM parked_event
      WHERE consumer_id = $1 AND topic_id = ANY ($2::int[]) AND is_rerun`,
    values: [from, topicIds],
  });
  return { count: rowCount ?? 0, sequences: rows };
}

/** What the copy delivers of these is a replay, as it would be there. The source's stretch must have just begun. */
export async function copyHandled(db: Queryable, { from, to, topicIds }: ConsumerCopy): Promise<void> {
  const columns = "topic_id, layer, partitions, types, keys, key_prefix, prior, offsets";
  await db.query({
    name: "copy_handled",
    text: `
      INSERT INTO handled_before (consumer_id, ${columns})
      SELECT $2, ${columns} FROM handled_before WHERE consumer_id = $1 AND topic_id = ANY ($3::int[])`,
    values: [from, to, topicIds],
  });
}

/** Has the copy begin where the other began, and miss what that has missed: what its account tells. */
export async function copyBeginnings(db: Queryable, { from, to, topicIds }: ConsumerCopy): Promise<void> {
  await db.query({
    name: "copy_beginnings",
    text: `
      UPDATE subscription s SET began_after = o.began_after FROM subscription o
      WHERE s.consumer_id = $2 AND o.consumer_id = $1 AND o.topic_id = s.topic_id AND s.topic_id = ANY ($3::int[])`,
    values: [from, to, topicIds],
  });
  await db.query({
    name: "copy_expired",
    text: `
      INSERT INTO expired_event (consumer_id, topic_id, offsets)
      SELECT $2, topic_id, offsets FROM expired_event WHERE consumer_id = $1 AND topic_id = ANY ($3::int[])`,
    values: [from, to, topicIds],
  });
}

/** Copies all state entries, digit for digit. Returns how many. */
export async function copyState(
  db: Queryable,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  const { rowCount } = await db.query({
    name: "copy_state",
    text: `
      INSERT INTO state_entry (consumer_id, key, value, version, updated_at)
      SELECT $2, key, value, version, updated_at FROM state_entry WHERE consumer_id = $1`,
    values: [from, to],
  });
  return rowCount ?? 0;
}

/** Numbers the copy's layout: above those of the earlier layouts that it takes over. */
export async function setLayout(db: Queryable, consumerId: number, layout: number): Promise<void> {
  await db.query({
    name: "set_consumer_layout",
    text: "UPDATE consumer SET layout = $2 WHERE id = $1",
    values: [consumerId, layout],
  });
}
