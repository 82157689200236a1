import type { PastEvent } from "../../domain/account-class.ts";
import type { EventFilter } from "../../domain/event-filter.ts";
import type { ProcessedFacts } from "../../domain/processed.ts";
import type { SavedLayout } from "../../domain/restore-point.ts";
import { filterOf } from "../consumers/setup-select.ts";
import type { Queryable } from "../database.ts";
import { priorLayoutOf } from "../positions/layouts.ts";

export interface Processed {
  readonly consumerId: number;
  /** Null: the consumer does not have the topic. */
  readonly facts: ProcessedFacts | null;
  /** Null: the event is not there. */
  readonly event: PastEvent | null;
  readonly topicId: number;
  readonly filter: EventFilter;
  /** Everything up to here is settled, in every partition. */
  readonly position: number;
}

interface Row {
  id: number;
  partitions: number;
  position: number | null;
  covering: number[];
  is_there: boolean;
  key: string | null;
  type: string | null;
  topic_id: number;
  types: string[] | null;
  keys: string[] | null;
  key_prefix: string | null;
  parked: ProcessedFacts["parked"];
  is_expired: boolean;
  layouts: SavedLayout[];
}

/** What tells whether an offset is processed, in one snapshot; null = there is no such consumer. */
export async function selectProcessed(
  db: Queryable,
  of: { readonly consumer: string; readonly topic: string; readonly offset: number },
): Promise<Processed | null> {
  const { rows } = await db.query<Row>({
    name: "select_processed",
    text: `
      SELECT c.id, c.partitions, k.position, k.covering, e."offset" IS NOT NULL AS is_there, e.key, e.type,
        t.id AS topic_id, s.types, s.keys, s.key_prefix,
        CASE WHEN p.state IS NULL THEN 'no' WHEN p.is_rerun THEN 'rerun' ELSE 'yes' END AS parked,
        EXISTS (SELECT FROM expired_event x WHERE x.consumer_id = c.id AND x.topic_id = t.id
                AND x.offsets @> $3::bigint) AS is_expired,
        (SELECT coalesce(json_agg(json_build_object('topicId', l.topic_id, 'layout', l.layout,
                   'partitions', l.partitions, 'cursors', l.cursors, 'endsAt', l.ends_at)), '[]')
         FROM prior_layout l WHERE l.consumer_id = c.id AND l.topic_id = t.id AND l.ends_at >= $3::bigint) AS layouts
      FROM consumer c
      LEFT JOIN topic t ON t.name = $2
      CROSS JOIN LATERAL (
        SELECT min(position) AS position, coalesce(array_agg(partition)
          FILTER (WHERE position >= $3::bigint OR settled @> $3::bigint), '{}') AS covering
        FROM cursor WHERE consumer_id = c.id AND topic_id = t.id
          -- A topic that the consumer was made to drop has cursors, for when it is taken back.
          AND EXISTS (SELECT FROM subscription s WHERE s.consumer_id = c.id AND s.topic_id = t.id)
      ) k
      LEFT JOIN subscription s ON s.consumer_id = c.id AND s.topic_id = t.id
      LEFT JOIN event e ON e.topic_id = t.id AND e."offset" = $3
      LEFT JOIN parked_event p ON p.consumer_id = c.id AND p.topic_id = t.id AND p."offset" = $3
      WHERE c.name = $1`,
    values: [of.consumer, of.topic, of.offset],
  });
  const [row] = rows;
  if (row === undefined) return null;
  const { id, partitions, position, covering, parked } = row;
  const { key, type, types, keys, key_prefix: keyPrefix } = row;
  const known = {
    consumerId: id,
    topicId: row.topic_id,
    filter: filterOf({ types, keys, keyPrefix }),
    event: type === null ? null : { offset: of.offset, key, type },
  };
  if (position === null) return { ...known, facts: null, position: 0 };
  return {
    ...known,
    position,
    facts: {
      offset: of.offset,
      partitions,
      key: row.is_there ? row.key : undefined,
      covering,
      priorLayouts: row.layouts.map(priorLayoutOf),
      parked,
      isExpired: row.is_expired,
    },
  };
}
