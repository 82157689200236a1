import { partitionOf, sequenceHash } from "../../domain/partition-of.ts";
import { type Ordering, sequenceName } from "../../domain/sequence.ts";
import type { Queryable } from "../database.ts";
import type { ChangedRow } from "../parked/verbs.ts";
import type { EventKey } from "../topics/event-keys-select.ts";

// Of the rows of `put`, those that nobody had handled, by partition.
const FIRST_TIME = `first_time AS (
  SELECT p.topic_id, p.hash % o.partitions AS partition, range_agg(int8range(p."offset", p."offset" + 1)) AS offsets
  FROM put p JOIN consumer o ON o.id = $1 WHERE NOT p.is_replay GROUP BY 1, 2
)`;

/** An event to be delivered by a replay. `isReplay`: the consumer has handled it before. */
export interface ReplayedEvent extends EventKey {
  readonly isReplay: boolean;
}

/**
 * Parks events that the position has come past, to be delivered by a replay; one that is parked already is left alone.
 * What nobody had handled is handled in this stretch once it is released. `mendSequences` has to follow. The leases must
 * be locked.
 */
export async function insertReplayRows(
  db: Queryable,
  step: {
    readonly consumerId: number;
    readonly topicId: number;
    readonly operationId: string;
    readonly attemptsMax: number;
    readonly ordering: Ordering;
    readonly partitions: number;
    readonly events: readonly ReplayedEvent[];
  },
): Promise<ChangedRow[]> {
  const { rows } = await db.query<ChangedRow>({
    name: "insert_replay_rows",
    text: `
      WITH put AS (
        INSERT INTO parked_event (consumer_id, topic_id, "offset", key, hash, type, state, attempts_max, operation_id,
          delivered_for, is_rerun, is_replay, sequence)
        SELECT $1, $2, n."offset", n.key, n.hash, n.type, 'blocked', $3, $4, $4, true, n.is_replay, n.sequence
        FROM unnest($5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::bool[], $10::text[])
          AS n("offset", key, hash, type, is_replay, sequence)
        ON CONFLICT DO NOTHING
        RETURNING topic_id, "offset", sequence, hash, is_replay
      ), ${FIRST_TIME}, stretch AS (
        UPDATE cursor c SET inherited = c.inherited - f.offsets FROM first_time f
        WHERE c.consumer_id = $1 AND c.topic_id = f.topic_id AND c.partition = f.partition
      ), layouts AS (
        UPDATE prior_layout l SET waiting = l.waiting + f.offsets
        FROM (SELECT topic_id, range_agg(offsets) AS offsets FROM first_time GROUP BY topic_id) f
        WHERE l.consumer_id = $1 AND l.topic_id = f.topic_id
      )
      SELECT topic_id AS "topicId", "offset", sequence, hash FROM put`,
    values: [
      step.consumerId,
      step.topicId,
      step.attemptsMax,
      step.operationId,
      step.events.map((it) => it.offset),
      step.events.map((it) => it.key),
      step.events.map(sequenceHash),
      step.events.map((it) => it.type),
      step.events.map((it) => it.isReplay),
      step.events.map((it) =>
        sequenceName(it, { ordering: step.ordering, partition: partitionOf(it, step.partitions) }),
      ),
    ],
  });
  return rows;
}

/** Takes back what a replay has not brought through: it is again what it was before. The leases must be locked. */
export async function deleteReplayRows(
  db: Queryable,
  of: { readonly consumerId: number; readonly operationId: string },
): Promise<ChangedRow[]> {
  const { rows } = await db.query<ChangedRow>({
    name: "delete_replay_rows",
    text: `
      WITH put AS (
        DELETE FROM parked_event WHERE consumer_id = $1 AND operation_id = $2 AND is_rerun
        RETURNING topic_id, "offset", sequence, hash, is_replay
      ), ${FIRST_TIME}, stretch AS (
        UPDATE cursor c SET inherited = c.inherited + f.offsets FROM first_time f
        WHERE c.consumer_id = $1 AND c.topic_id = f.topic_id AND c.partition = f.partition
      )
      SELECT topic_id AS "topicId", "offset", sequence, hash FROM put`,
    values: [of.consumerId, of.operationId],
  });
  return rows;
}
