import type { Ordering } from "../../domain/sequence.ts";
import type { Queryable } from "../database.ts";
import type { SequenceName } from "../parked/sequences-mend.ts";
import { sequenceNameSql } from "../parked/sequences-name.ts";

/**
 * Takes topics from a consumer. Cursors, earlier layouts and attempts stay; what is parked goes to a shelf, away from
 * what is delivered, counted and shown. Deliveries of a replay that is under way are forgotten: they were passed before.
 * The leases must be locked.
 */
export async function shelveTopics(db: Queryable, consumerId: number, topicIds: readonly number[]): Promise<void> {
  if (topicIds.length === 0) return;
  const values = [consumerId, topicIds];
  await db.query({
    name: "shelve_subscriptions",
    text: `
      WITH gone AS (
        DELETE FROM subscription WHERE consumer_id = $1 AND topic_id = ANY ($2::int[])
        RETURNING consumer_id, topic_id, began_after, began_at
      )
      INSERT INTO dropped_topic (consumer_id, topic_id, began_after, began_at) SELECT * FROM gone`,
    values,
  });
  await shelveParked(db, consumerId, topicIds);
}

/** Puts aside what a consumer has parked of topics. The leases must be locked. */
export async function shelveParked(db: Queryable, consumerId: number, topicIds: readonly number[]): Promise<void> {
  await db.query({
    name: "shelve_parked",
    text: `
      WITH gone AS (
        DELETE FROM parked_event WHERE consumer_id = $1 AND topic_id = ANY ($2::int[]) RETURNING *
      )
      INSERT INTO shelved_event (consumer_id, topic_id, "offset", saved)
      SELECT consumer_id, topic_id, "offset", row_to_json(gone) FROM gone WHERE NOT is_rerun`,
    values: [consumerId, topicIds],
  });
}

const COLUMNS = `consumer_id, topic_id, "offset", key, lost_alone, hash, type, state, attempt, attempts_max, due_at, error_name,
  error_message, error_stack, fingerprint, parked_at, failed_at, is_replay, delivered_for, discarded_by, discarded_at, discard_reason`;

/** What is taken back, and how its consumer orders events by now. */
export interface TakenBack {
  readonly consumerId: number;
  readonly topicId: number;
  readonly ordering: Ordering;
  readonly partitions: number;
}

/**
 * Gives a dropped topic back to a consumer that subscribes to it again: when it began there, and what was parked. Returns
 * the sequences to be mended. The leases must be locked.
 */
export async function takeBackTopic(db: Queryable, taken: TakenBack): Promise<SequenceName[]> {
  await db.query({
    name: "take_back_subscription",
    text: `
      WITH back AS (
        DELETE FROM dropped_topic WHERE consumer_id = $1 AND topic_id = $2 RETURNING began_after, began_at
      )
      UPDATE subscription s SET began_after = back.began_after, began_at = back.began_at FROM back
      WHERE s.consumer_id = $1 AND s.topic_id = $2`,
    values: [taken.consumerId, taken.topicId],
  });
  return takeBackParked(db, taken);
}

/**
 * Puts back what was put aside of one topic, in the sequences of the order that holds by now. Returns them, to be mended.
 * The leases must be locked.
 */
export async function takeBackParked(db: Queryable, taken: TakenBack): Promise<SequenceName[]> {
  const { rows } = await db.query<{ topicId: number; sequence: string }>({
    name: "take_back_parked",
    text: `
      WITH gone AS (
        DELETE FROM shelved_event WHERE consumer_id = $1 AND topic_id = $2 RETURNING saved
      ), put AS (
        INSERT INTO parked_event (${COLUMNS}, sequence)
        SELECT ${COLUMNS}, ${sequenceNameSql("$3", "$4::bigint")}
        FROM gone CROSS JOIN LATERAL json_populate_record(NULL::parked_event, gone.saved)
        RETURNING topic_id, sequence
      )
      SELECT DISTINCT topic_id AS "topicId", sequence FROM put`,
    values: [taken.consumerId, taken.topicId, taken.ordering, taken.partitions],
  });
  return rows;
}

/**
 * Forgets all that is known of topics that the consumer does not read, but for what it has handled: that comes as a replay
 * still, or not at all, when it begins anew.
 */
export async function forgetTopics(db: Queryable, consumerId: number, topicIds: readonly number[]): Promise<void> {
  for (const table of [
    "dropped_topic",
    "shelved_event",
    "cursor",
    "prior_layout",
    "delivery_attempt",
    "expired_event",
  ]) {
    await db.query({
      name: `forget_topics_${table}`,
      text: `DELETE FROM ${table} WHERE consumer_id = $1 AND topic_id = ANY ($2::int[])`,
      values: [consumerId, topicIds],
    });
  }
}
