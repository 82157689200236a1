import { askedRows } from "../asked-rows.ts";
import type { Queryable } from "../database.ts";

export interface NewDeliveryAttempt {
  readonly topicId: number;
  readonly offset: number;
  /** 1 for the first delivery. */
  readonly attempt: number;
  readonly member: string | null;
  readonly outcome: "retry" | "dead-letter" | "skip" | "interrupted";
  readonly error: { readonly name: string; readonly message: string; readonly stack: string | null } | null;
}

/** Attempts of one event that are kept; older ones go. */
const KEPT = 20;

export async function insertDeliveryAttempts(
  db: Queryable,
  { consumerId, attempts }: { readonly consumerId: number; readonly attempts: readonly NewDeliveryAttempt[] },
): Promise<void> {
  if (attempts.length === 0) return;
  await db.query({
    name: "insert_delivery_attempts",
    text: `
      WITH n AS (
        SELECT * FROM ${askedRows(
          "consumer_id",
          "$2::int[], $3::bigint[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[]",
          'topic_id, "offset", attempt, member, outcome, error_name, error_message, error_stack',
        )} u
      ), trimmed AS (
        DELETE FROM delivery_attempt d USING n
        WHERE d.consumer_id = n.consumer_id AND d.topic_id = n.topic_id AND d."offset" = n."offset"
          AND d.attempt <= n.attempt - $10::int
      )
      INSERT INTO delivery_attempt
        (consumer_id, topic_id, "offset", attempt, member, outcome, error_name, error_message, error_stack)
      SELECT n.* FROM n
      ON CONFLICT (consumer_id, topic_id, "offset", attempt) DO UPDATE
      SET at = now(), member = excluded.member, outcome = excluded.outcome, error_name = excluded.error_name,
          error_message = excluded.error_message, error_stack = excluded.error_stack`,
    values: [
      consumerId,
      attempts.map((it) => it.topicId),
      attempts.map((it) => it.offset),
      attempts.map((it) => it.attempt),
      attempts.map((it) => it.member),
      attempts.map((it) => it.outcome),
      attempts.map((it) => it.error?.name ?? null),
      attempts.map((it) => it.error?.message ?? null),
      attempts.map((it) => it.error?.stack ?? null),
      KEPT,
    ],
  });
}
