import { HandledBefore, type HandledLayer } from "../../domain/handled-before.ts";
import { parseRanges } from "../../domain/offset-ranges.ts";
import { inAny } from "../../domain/range-sets.ts";
import type { SavedLayout } from "../../domain/restore-point.ts";
import { filterOf } from "../consumers/setup-select.ts";
import type { Queryable } from "../database.ts";
import { priorLayoutOf } from "../positions/layouts.ts";

/** An earlier layout `l` as JSON, with what was parked when the stretch began. */
export const PASSED_LAYOUT = `json_build_object('topicId', l.topic_id, 'layout', l.layout, 'partitions', l.partitions,
  'cursors', l.cursors, 'endsAt', l.ends_at, 'waiting', l.waiting::text)`;

/** Offsets of the topics `$2` that are parked and were not handled before, by partition of `$3`. */
export const waitingSql = (only = "") => `waiting AS MATERIALIZED (
  SELECT topic_id, hash % $3::int AS partition, range_agg(int8range("offset", "offset" + 1)) AS offsets
  FROM parked_event WHERE consumer_id = $1 AND topic_id = ANY ($2::int[]) AND NOT is_replay ${only} GROUP BY 1, 2
)`;
/** What a cursor `c` has come past since its stretch began, but for what waits in `w`. */
export const HANDLED_SINCE = `int8multirange(int8range(1, c.position + 1)) + c.settled - c.inherited - coalesce(w.offsets, '{}')`;

interface LayerRow {
  topic_id: number;
  partitions: number;
  types: string[] | null;
  keys: string[] | null;
  key_prefix: string | null;
  prior: (SavedLayout & { waiting: string })[];
  offsets: (string | null)[];
}

/**
 * What a consumer handled before the stretch that it is in, by topic id. Of layers with as many partitions as it has
 * now, only those asked about are read. It changes under another epoch alone.
 */
export async function selectHandledBefore(
  db: Queryable,
  of: { readonly consumerId: number; readonly partitions: readonly number[]; readonly layoutPartitions: number },
): Promise<Map<number, HandledBefore>> {
  const { rows } = await db.query<LayerRow>({
    name: "select_handled_before",
    text: `
      SELECT h.topic_id, h.partitions, h.types, h.keys, h.key_prefix, h.prior,
        ARRAY(SELECT CASE WHEN h.partitions <> $3::int OR o.n - 1 = ANY ($2::int[]) THEN o.offsets END::text
              FROM unnest(h.offsets) WITH ORDINALITY AS o(offsets, n) ORDER BY o.n) AS offsets
      FROM handled_before h WHERE h.consumer_id = $1 ORDER BY h.topic_id, h.layer`,
    values: [of.consumerId, of.partitions, of.layoutPartitions],
  });
  return byTopic(rows);
}

export interface HandledQuery {
  readonly consumerId: number;
  readonly topicIds: readonly number[];
  /** As many as the consumer has now. */
  readonly partitions: number;
}

/** The same with what the stretch itself has handled so far: all that was ever handled of some topics. */
export async function selectHandled(db: Queryable, of: HandledQuery): Promise<Map<number, HandledBefore>> {
  const { rows } = await db.query<LayerRow>({
    name: "select_handled",
    text: allLayersSql({ only: "", cut: (offsets) => `(${offsets})::text` }),
    values: [of.consumerId, of.topicIds, of.partitions],
  });
  return byTopic(rows);
}

/** The same for one offset alone: what it takes does not grow with what is parked or was moved. */
export async function selectHandledAt(
  db: Queryable,
  of: Omit<HandledQuery, "topicIds"> & { readonly topicId: number; readonly offset: number },
): Promise<HandledBefore> {
  const { rows } = await db.query<LayerRow>({
    name: "select_handled_at",
    text: allLayersSql({
      only: 'AND "offset" = $4::bigint',
      cut: (offsets) => `((${offsets}) * int8multirange(int8range($4::bigint, $4::bigint + 1)))::text`,
    }),
    values: [of.consumerId, [of.topicId], of.partitions, of.offset],
  });
  return byTopic(rows).get(of.topicId) ?? new HandledBefore([]);
}

/** `only`: a condition on parked events; `cut`: makes text of the offsets of one partition. */
function allLayersSql({ only, cut }: { readonly only: string; readonly cut: (offsets: string) => string }): string {
  return `
    WITH ${waitingSql(only)}
    SELECT h.topic_id, h.partitions, h.types, h.keys, h.key_prefix, h.prior,
      ARRAY(SELECT ${cut("o.offsets")} FROM unnest(h.offsets) WITH ORDINALITY AS o(offsets, n) ORDER BY o.n) AS offsets
    FROM handled_before h WHERE h.consumer_id = $1 AND h.topic_id = ANY ($2::int[])
    UNION ALL
    SELECT s.topic_id, $3::int, s.types, s.keys, s.key_prefix,
      (SELECT coalesce(json_agg(${PASSED_LAYOUT} ORDER BY l.layout), '[]')
       FROM prior_layout l WHERE l.consumer_id = $1 AND l.topic_id = s.topic_id),
      ARRAY(SELECT ${cut(HANDLED_SINCE)}
            FROM cursor c LEFT JOIN waiting w ON w.topic_id = c.topic_id AND w.partition = c.partition
            WHERE c.consumer_id = $1 AND c.topic_id = s.topic_id ORDER BY c.partition)
    FROM subscription s WHERE s.consumer_id = $1 AND s.topic_id = ANY ($2::int[])`;
}

/** The layers of one topic that may be folded, with their numbers. */
export async function selectHandledLayers(
  db: Queryable,
  of: { readonly consumerId: number; readonly topicId: number },
): Promise<{ readonly layer: number; readonly of: HandledLayer }[]> {
  const { rows } = await db.query<LayerRow & { layer: number }>({
    name: "select_handled_layers",
    text: `
      SELECT topic_id, layer, partitions, types, keys, key_prefix, prior, offsets::text[] AS offsets
      FROM handled_before WHERE consumer_id = $1 AND topic_id = $2 AND layer > 0`,
    values: [of.consumerId, of.topicId],
  });
  return rows.map((row) => ({ layer: row.layer, of: layerOf(row, []) }));
}

function byTopic(rows: readonly LayerRow[]): Map<number, HandledBefore> {
  const layers = new Map<number, Map<string, HandledLayer>>();
  for (const row of rows) {
    const ofTopic = layers.get(row.topic_id) ?? new Map<string, HandledLayer>();
    layers.set(row.topic_id, ofTopic);
    // The stretch itself is of one kind with an earlier one, often.
    const kind = JSON.stringify([row.partitions, row.types, row.keys, row.key_prefix, row.prior]);
    ofTopic.set(kind, layerOf(row, ofTopic.get(kind)?.offsets ?? []));
  }
  return new Map([...layers].map(([topicId, of]) => [topicId, new HandledBefore([...of.values()])]));
}

/** `more`: offsets that belong to it as well. */
function layerOf(
  { partitions, types, keys, key_prefix: keyPrefix, prior, offsets }: LayerRow,
  more: HandledLayer["offsets"],
): HandledLayer {
  return {
    partitions,
    filter: filterOf({ types, keys, keyPrefix }),
    prior: prior.map(({ waiting, ...it }) => ({ ...priorLayoutOf(it), waiting: parseRanges(waiting) })),
    offsets: offsets.map((it, partition) => inAny([it === null ? [] : parseRanges(it), more[partition] ?? []])),
  };
}
