import { askedRows } from "../asked-rows.ts";
import type { Queryable } from "../database.ts";
import type { StoredError } from "./settle-write.ts";

/**
 * The delivery of parked events broke off: the next one is an attempt more, and none is lost for it. One that was alone in
 * flight waits for its next time, or is dead. The leases must be locked, so that nobody claims a partition and delivers
 * them meanwhile.
 */
export async function interruptParked(
  db: Queryable,
  {
    consumerId,
    deliveries,
    error,
  }: {
    readonly consumerId: number;
    readonly deliveries: readonly {
      readonly topicId: number;
      readonly offset: number;
      readonly attempt: number;
      /** It was alone; `dueInMs` null = it is dead. */
      readonly alone: { readonly dueInMs: number | null } | null;
    }[];
    /** Of those that were alone. */
    readonly error: StoredError;
  },
): Promise<void> {
  if (deliveries.length === 0) return;
  await db.query({
    name: "interrupt_parked",
    text: `
      UPDATE parked_event p
      SET attempt = p.attempt + 1,
        attempts_max = CASE WHEN d.is_alone AND d.due_in_ms IS NULL THEN p.attempt + 1 ELSE p.attempts_max + 1 END,
        lost_alone = CASE WHEN d.is_alone THEN coalesce(p.lost_alone, 0) + 1 ELSE p.lost_alone END,
        state = CASE WHEN d.is_alone AND d.due_in_ms IS NULL THEN 'dead' ELSE p.state END,
        due_at = CASE WHEN d.is_alone THEN now() + d.due_in_ms * interval '1 ms' ELSE p.due_at END,
        failed_at = CASE WHEN d.is_alone THEN now() ELSE p.failed_at END,
        error_name = CASE WHEN d.is_alone THEN $7 ELSE p.error_name END,
        error_message = CASE WHEN d.is_alone THEN $8 ELSE p.error_message END,
        fingerprint = CASE WHEN d.is_alone THEN $9 ELSE p.fingerprint END
      FROM ${askedRows(
        "consumer_id",
        "$2::int[], $3::bigint[], $4::int[], $5::bool[], $6::float8[]",
        'topic_id, "offset", attempt, is_alone, due_in_ms',
      )} d
      WHERE p.consumer_id = d.consumer_id AND p.topic_id = d.topic_id AND p."offset" = d."offset" AND p.state = 'retrying'
        AND p.attempt = d.attempt - 1`,
    values: [
      consumerId,
      deliveries.map((it) => it.topicId),
      deliveries.map((it) => it.offset),
      deliveries.map((it) => it.attempt),
      deliveries.map((it) => it.alone !== null),
      deliveries.map((it) => it.alone?.dueInMs ?? null),
      error.name,
      error.message,
      error.fingerprint,
    ],
  });
}
