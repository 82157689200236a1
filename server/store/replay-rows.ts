import { partitionOf, sequenceHash } from "../domain/partition-of.ts";
import { type Ordering, sequenceName } from "../domain/sequence.ts";
import type { Queryable } from "./database.ts";
import type { EventKey } from "./event-keys-select.ts";
import type { ChangedRow } from "./parked-verbs.ts";

/**
 * Parks settled events once more, to be delivered by a replay; one that is parked already is left alone. `mendSequences`
 * has to follow. The leases must be locked.
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
    readonly events: readonly EventKey[];
  },
): Promise<ChangedRow[]> {
  const { rows } = await db.query<ChangedRow>({
    name: "insert_replay_rows",
    text: `
      INSERT INTO parked_event (consumer_id, topic_id, "offset", key, hash, type, state, attempts_max, operation_id, is_replay,
        sequence)
      SELECT $1, $2, n."offset", n.key, n.hash, n.type, 'blocked', $3, $4, true, n.sequence
      FROM unnest($5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::text[]) AS n("offset", key, hash, type, sequence)
      ON CONFLICT DO NOTHING
      RETURNING topic_id AS "topicId", "offset", sequence, hash`,
    values: [
      step.consumerId,
      step.topicId,
      step.attemptsMax,
      step.operationId,
      step.events.map((it) => it.offset),
      step.events.map((it) => it.key),
      step.events.map(sequenceHash),
      step.events.map((it) => it.type),
      step.events.map((it) =>
        sequenceName(it, { ordering: step.ordering, partition: partitionOf(it, step.partitions) }),
      ),
    ],
  });
  return rows;
}

/** Takes back what a replay has not brought through: it was settled before, and stays so. The leases must be locked. */
export async function deleteReplayRows(
  db: Queryable,
  of: { readonly consumerId: number; readonly operationId: string },
): Promise<ChangedRow[]> {
  const { rows } = await db.query<ChangedRow>({
    name: "delete_replay_rows",
    text: `
      DELETE FROM parked_event WHERE consumer_id = $1 AND operation_id = $2 AND is_replay
      RETURNING topic_id AS "topicId", "offset", sequence, hash`,
    values: [of.consumerId, of.operationId],
  });
  return rows;
}
