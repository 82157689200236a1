import { askedRows } from "../asked-rows.ts";
import type { Queryable } from "../database.ts";

interface Place {
  readonly topicId: number;
  readonly offset: number;
}

export interface StoredError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  readonly fingerprint: string;
}

/** An event that leaves the flow. */
export interface NewParkedEvent extends Place {
  readonly key: string | null;
  readonly sequence: string;
  readonly hash: number;
  readonly type: string;
  readonly state: "retrying" | "dead" | "blocked" | "discarded";
  readonly attempt: number;
  readonly attemptsMax: number;
  /** Milliseconds from now; with `retrying`. */
  readonly dueInMs: number | null;
  readonly error: StoredError | null;
  readonly discarded: { readonly by: string; readonly reason: string } | null;
  /** The consumer has handled it before. */
  readonly isReplay: boolean;
  /** How often it was lost with nothing beside it in flight; null = it is delivered beside others. */
  readonly lostAlone: number | null;
}

/** A parked event that failed again. */
export interface FailedAgain extends Place {
  readonly attempt: number;
  readonly attemptsMax: number;
  /** Null: it is dead. */
  readonly dueInMs: number | null;
  readonly error: StoredError;
}

export interface ParkedWrites {
  readonly consumerId: number;
  readonly parked: readonly NewParkedEvent[];
  readonly failed: readonly FailedAgain[];
  readonly released: readonly Place[];
  readonly discarded: readonly (Place & { readonly by: string; readonly reason: string })[];
}

const SAME = 'p.consumer_id = n.consumer_id AND p.topic_id = n.topic_id AND p."offset" = n."offset"';

/**
 * Writes what settlements do to parked events. A blocked one may be there already: a position was moved back over it.
 * `mendSequences` has to follow. The leases must be locked.
 */
export async function writeParked(db: Queryable, writes: ParkedWrites): Promise<void> {
  await release(db, writes);
  await failAgain(db, writes);
  await discard(db, writes);
  await park(db, writes);
}

async function park(db: Queryable, { consumerId, parked }: ParkedWrites): Promise<void> {
  if (parked.length === 0) return;
  await db.query({
    name: "park_events",
    text: `
      INSERT INTO parked_event (consumer_id, topic_id, "offset", key, hash, type, state, attempt, attempts_max, due_at,
        error_name, error_message, error_stack, fingerprint, failed_at, discarded_by, discarded_at, discard_reason,
        sequence, is_replay, lost_alone)
      SELECT $1, n.topic_id, n."offset", n.key, n.hash, n.type, n.state, n.attempt, n.attempts_max,
        now() + n.due_in_ms * interval '1 ms', n.error_name, n.error_message, n.error_stack, n.fingerprint,
        CASE WHEN n.error_name IS NOT NULL THEN now() END, n.discarded_by,
        CASE WHEN n.discarded_by IS NOT NULL THEN now() END, n.discard_reason, n.sequence, n.is_replay, n.lost_alone
      FROM unnest($2::int[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::int[], $9::int[],
        $10::float8[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],
        $18::bool[], $19::int[])
        AS n(topic_id, "offset", key, hash, type, state, attempt, attempts_max, due_in_ms, error_name, error_message,
          error_stack, fingerprint, discarded_by, discard_reason, sequence, is_replay, lost_alone)
      ON CONFLICT (consumer_id, topic_id, "offset") DO NOTHING`,
    values: [
      consumerId,
      parked.map((it) => it.topicId),
      parked.map((it) => it.offset),
      parked.map((it) => it.key),
      parked.map((it) => it.hash),
      parked.map((it) => it.type),
      parked.map((it) => it.state),
      parked.map((it) => it.attempt),
      parked.map((it) => it.attemptsMax),
      parked.map((it) => it.dueInMs),
      parked.map((it) => it.error?.name ?? null),
      parked.map((it) => it.error?.message ?? null),
      parked.map((it) => it.error?.stack ?? null),
      parked.map((it) => it.error?.fingerprint ?? null),
      parked.map((it) => it.discarded?.by ?? null),
      parked.map((it) => it.discarded?.reason ?? null),
      parked.map((it) => it.sequence),
      parked.map((it) => it.isReplay),
      parked.map((it) => it.lostAlone),
    ],
  });
}

async function failAgain(db: Queryable, { consumerId, failed }: ParkedWrites): Promise<void> {
  if (failed.length === 0) return;
  await db.query({
    name: "fail_parked_again",
    text: `
      UPDATE parked_event p
      SET state = CASE WHEN n.due_in_ms IS NULL THEN 'dead' ELSE 'retrying' END, attempt = n.attempt,
        attempts_max = CASE WHEN n.due_in_ms IS NULL THEN n.attempt ELSE n.attempts_max END,
        due_at = now() + n.due_in_ms * interval '1 ms', error_name = n.error_name, error_message = n.error_message,
        error_stack = n.error_stack, fingerprint = n.fingerprint, failed_at = now(), operation_id = NULL,
        is_rerun = false, lost_alone = NULL
      FROM ${askedRows(
        "consumer_id",
        "$2::int[], $3::bigint[], $4::int[], $5::float8[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int[]",
        'topic_id, "offset", attempt, due_in_ms, error_name, error_message, error_stack, fingerprint, attempts_max',
      )} n
      WHERE ${SAME}`,
    values: [
      consumerId,
      failed.map((it) => it.topicId),
      failed.map((it) => it.offset),
      failed.map((it) => it.attempt),
      failed.map((it) => it.dueInMs),
      failed.map((it) => it.error.name),
      failed.map((it) => it.error.message),
      failed.map((it) => it.error.stack),
      failed.map((it) => it.error.fingerprint),
      failed.map((it) => it.attemptsMax),
    ],
  });
}

async function release(db: Queryable, { consumerId, released }: ParkedWrites): Promise<void> {
  if (released.length === 0) return;
  await db.query({
    name: "release_parked",
    text: `
      DELETE FROM parked_event p USING ${askedRows("consumer_id", "$2::int[], $3::bigint[]", 'topic_id, "offset"')} n
      WHERE ${SAME}`,
    values: [consumerId, released.map((it) => it.topicId), released.map((it) => it.offset)],
  });
}

async function discard(db: Queryable, { consumerId, discarded }: ParkedWrites): Promise<void> {
  if (discarded.length === 0) return;
  await db.query({
    name: "discard_settled",
    text: `
      UPDATE parked_event p
      SET state = 'discarded', due_at = NULL, operation_id = NULL, is_rerun = false, discarded_by = n.by,
        discarded_at = now(), discard_reason = n.reason
      FROM ${askedRows("consumer_id", "$2::int[], $3::bigint[], $4::text[], $5::text[]", 'topic_id, "offset", by, reason')} n
      WHERE ${SAME}`,
    values: [
      consumerId,
      discarded.map((it) => it.topicId),
      discarded.map((it) => it.offset),
      discarded.map((it) => it.by),
      discarded.map((it) => it.reason),
    ],
  });
}
