import type { DeliveryAttempt, ParkedEvent } from "../../contract/parked.ts";
import type { Queryable } from "../database.ts";
import { parkedFilterSql, parkedFilterValues, type StoredParkedFilter } from "./filter.ts";

export interface ParkedListing {
  readonly consumerId: number;
  readonly filter: StoredParkedFilter;
  /** Rows after this place, ordered by topic and offset; null = from the start. */
  readonly after: { readonly topicId: number; readonly offset: number } | null;
  readonly limit: number;
}

export interface ListedParkedEvent {
  readonly topicId: number;
  readonly event: ParkedEvent;
}

interface Row extends Omit<ParkedEvent, "error" | "discarded"> {
  topicId: number;
  error_name: string | null;
  error_message: string | null;
  error_stack: string | null;
  discarded_by: string | null;
  discarded_at: string | null;
  discard_reason: string | null;
}

const COLUMNS = `p.topic_id AS "topicId", t.name AS topic, p."offset", p.key, p.type, p.state, p.attempt,
  p.attempts_max AS "attemptsMax", p.due_at AS "dueAt", p.error_name, p.error_message, p.error_stack, p.fingerprint,
  p.parked_at AS "parkedAt", p.failed_at AS "failedAt", p.operation_id AS operation, p.discarded_by, p.discarded_at,
  p.discard_reason`;

export async function listParkedEvents(db: Queryable, listing: ParkedListing): Promise<ListedParkedEvent[]> {
  const { rows } = await db.query<Row>({
    name: "list_parked_events",
    text: `
      SELECT ${COLUMNS}
      FROM parked_event p JOIN topic t ON t.id = p.topic_id
      WHERE p.consumer_id = $1 AND (p.topic_id, p."offset") > ($2::int, $3::bigint)
        AND ($4::text IS NULL OR p.state = $4) AND ${parkedFilterSql("p", 5)}
      ORDER BY p.topic_id, p."offset" LIMIT $10`,
    values: [
      listing.consumerId,
      listing.after?.topicId ?? 0,
      listing.after?.offset ?? 0,
      listing.filter.state,
      ...parkedFilterValues(listing.filter),
      listing.limit,
    ],
  });
  return rows.map((row) => ({ topicId: row.topicId, event: eventOf(row) }));
}

/** The rows of one key, in order; discarded ones by themselves. At most `limit` of each. */
export async function selectSequence(
  db: Queryable,
  sequence: { readonly consumerId: number; readonly topicId: number; readonly key: string; readonly limit: number },
): Promise<{ parked: ParkedEvent[]; parkedCount: number; discarded: ParkedEvent[] }> {
  const values = [sequence.consumerId, sequence.topicId, `k${sequence.key}`, sequence.limit];
  const select = (condition: string, name: string) =>
    db.query<Row>({
      name,
      text: `
        SELECT ${COLUMNS} FROM parked_event p JOIN topic t ON t.id = p.topic_id
        WHERE p.consumer_id = $1 AND p.topic_id = $2 AND p.sequence = $3 AND p.state ${condition}
        ORDER BY p."offset" LIMIT $4`,
      values,
    });
  const parked = await select("<> 'discarded'", "select_sequence");
  const discarded = await select("= 'discarded'", "select_lane_discarded");
  const { rows } = await db.query<{ count: number }>({
    name: "count_sequence",
    text: `
      SELECT count(*) AS count FROM parked_event
      WHERE consumer_id = $1 AND topic_id = $2 AND sequence = $3 AND state <> 'discarded'`,
    values: values.slice(0, 3),
  });
  return {
    parked: parked.rows.map(eventOf),
    parkedCount: rows[0]?.count ?? 0,
    discarded: discarded.rows.map(eventOf),
  };
}

/** The attempts of one event, oldest first. */
export async function selectAttempts(
  db: Queryable,
  of: { readonly consumerId: number; readonly topicId: number; readonly offset: number },
): Promise<DeliveryAttempt[]> {
  const { rows } = await db.query<
    Omit<DeliveryAttempt, "error"> & {
      error_name: string | null;
      error_message: string | null;
      error_stack: string | null;
    }
  >({
    name: "select_attempts",
    text: `
      SELECT "offset", attempt, at, member, outcome, error_name, error_message, error_stack FROM delivery_attempt
      WHERE consumer_id = $1 AND topic_id = $2 AND "offset" = $3 ORDER BY at, attempt`,
    values: [of.consumerId, of.topicId, of.offset],
  });
  return rows.map(({ error_name, error_message, error_stack, ...attempt }) => ({
    ...attempt,
    error: error_name === null ? null : { name: error_name, message: error_message ?? "", stack: error_stack },
  }));
}

function eventOf(row: Row): ParkedEvent {
  const {
    topicId: _,
    error_name,
    error_message,
    error_stack,
    discarded_by,
    discarded_at,
    discard_reason,
    ...event
  } = row;
  return {
    ...event,
    error: error_name === null ? null : { name: error_name, message: error_message ?? "", stack: error_stack },
    discarded:
      discarded_by === null ? null : { by: discarded_by, at: discarded_at ?? "", reason: discard_reason ?? "" },
  };
}
