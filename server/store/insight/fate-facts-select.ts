import type { ParkedState } from "../../contract/parked.ts";
import type { EventFilter } from "../../domain/event-filter.ts";
import { filterOf } from "../consumers/setup-select.ts";
import type { Queryable } from "../database.ts";

/** The row that an event is parked in. */
export interface ParkedFate {
  readonly state: ParkedState;
  readonly attempt: number;
  readonly attemptsMax: number;
  readonly dueAt: string | null;
  readonly dueInMs: number;
  readonly errorName: string | null;
  readonly errorMessage: string | null;
  readonly operationId: string | null;
  /** Put there by a replay and not failed since: it was passed before. */
  readonly isRerun: boolean;
  readonly discardedBy: string | null;
  readonly discardedAt: string | null;
  readonly discardReason: string | null;
}

/** What tells an event's fate for one consumer, but for its positions. */
export interface FateFacts {
  readonly consumerId: number;
  readonly consumer: string;
  readonly partitions: number;
  readonly filter: EventFilter;
  readonly parked: ParkedFate | null;
  /** Offset of the parked event that the sequence waits behind; null = of none that comes before this one. */
  readonly behind: number | null;
  /** Deliveries of it that failed or broke off, as far as they are kept. */
  readonly failures: number;
}

type Row = Omit<FateFacts, "filter" | "parked"> & {
  types: string[] | null;
  keys: string[] | null;
  keyPrefix: string | null;
  parked: Omit<ParkedFate, "dueAt" | "discardedAt"> | null;
  dueAt: string | null;
  discardedAt: string | null;
};

/** Of every consumer that has the topic, by name. */
export async function selectFateFacts(
  db: Queryable,
  of: {
    readonly topicId: number;
    readonly offset: number;
    readonly key: string | null;
    /** See `sequenceHash`. */
    readonly hash: number;
  },
): Promise<FateFacts[]> {
  const { rows } = await db.query<Row>({
    name: "select_fate_facts",
    text: `
      SELECT c.id AS "consumerId", c.name AS consumer, c.partitions, s.types, s.keys, s.key_prefix AS "keyPrefix",
        p.due_at AS "dueAt", p.discarded_at AS "discardedAt",
        CASE WHEN p.state IS NOT NULL THEN json_build_object('state', p.state, 'attempt', p.attempt,
          'attemptsMax', p.attempts_max,
          'dueInMs', coalesce(extract(epoch FROM p.due_at - clock_timestamp()) * 1000, 0),
          'errorName', p.error_name, 'errorMessage', p.error_message, 'operationId', p.operation_id,
          'isRerun', p.is_rerun, 'discardedBy', p.discarded_by,
          'discardReason', p.discard_reason) END AS parked,
        (SELECT min(h."offset") FROM parked_event h
         WHERE h.consumer_id = c.id AND h.topic_id = s.topic_id AND h.state <> 'discarded' AND h."offset" < $2
           AND h.sequence = CASE WHEN c.ordering = 'topic' THEN 'p' || $4::bigint % c.partitions ELSE $3 END) AS behind,
        (SELECT count(*) FROM delivery_attempt a
         WHERE a.consumer_id = c.id AND a.topic_id = s.topic_id AND a."offset" = $2) AS failures
      FROM subscription s JOIN consumer c ON c.id = s.consumer_id AND c.removed_at IS NULL
      LEFT JOIN parked_event p ON p.consumer_id = c.id AND p.topic_id = s.topic_id AND p."offset" = $2
      WHERE s.topic_id = $1 ORDER BY c.name`,
    values: [of.topicId, of.offset, of.key === null ? `o${of.offset}` : `k${of.key}`, of.hash],
  });
  return rows.map(({ types, keys, keyPrefix, parked, dueAt, discardedAt, ...row }) => ({
    ...row,
    filter: filterOf({ types, keys, keyPrefix }),
    parked: parked === null ? null : { ...parked, dueAt, discardedAt },
  }));
}
