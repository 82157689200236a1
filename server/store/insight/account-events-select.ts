import type { ParkedState } from "../../contract/parked.ts";
import type { EventFilter } from "../../domain/event-filter.ts";
import type { OffsetRange } from "../../domain/offset-ranges.ts";
import type { Queryable } from "../database.ts";

export interface FilteredTopic {
  readonly topicId: number;
  readonly filter: EventFilter;
}

const PASSES = `($2::text[] IS NULL OR e.type = ANY ($2::text[]))
  AND ($3::text[] IS NULL OR coalesce(e.key = ANY ($3::text[]), false))
  AND ($4::text IS NULL OR coalesce(starts_with(e.key, $4::text), false))`;

const filterValues = ({ topicId, filter }: FilteredTopic): unknown[] => [
  topicId,
  filter.types ?? null,
  filter.keys ?? null,
  filter.keyPrefix ?? null,
];

/** The offsets of a consumer's parked events in one topic, ascending. What a replay has put there does not count. */
export async function selectParkedOffsets(
  db: Queryable,
  { consumerId, topicId }: { readonly consumerId: number; readonly topicId: number },
): Promise<{ offset: number; state: ParkedState }[]> {
  const { rows } = await db.query({
    name: "select_parked_offsets",
    text: `
      SELECT "offset", state FROM parked_event
      WHERE consumer_id = $1 AND topic_id = $2 AND NOT is_rerun ORDER BY "offset"`,
    values: [consumerId, topicId],
    rowMode: "array",
  });
  return (rows as [number, ParkedState][]).map(([offset, state]) => ({ offset, state }));
}

/**
 * How many events of each range the filter excludes, some offsets left out; ranges ascend and do not overlap. One scan
 * from the first to the last of them.
 */
export async function countExcluded(
  db: Queryable,
  topic: FilteredTopic,
  { ranges, except }: { readonly ranges: readonly OffsetRange[]; readonly except: readonly number[] },
): Promise<number[]> {
  if (ranges.length === 0) return [];
  const { rows } = await db.query<{ place: number; count: number }>({
    name: "count_excluded_events",
    text: `
      SELECT width_bucket(e."offset", $5::bigint[]) AS place, count(*) AS count FROM event e
      WHERE e.topic_id = $1 AND e."offset" >= $6 AND e."offset" <= $7 AND NOT (${PASSES})
        AND e."offset" <> ALL ($8::bigint[]) GROUP BY 1`,
    values: [
      ...filterValues(topic),
      ranges.flatMap(([from, to]) => [from, to + 1]),
      ranges[0]?.[0] ?? 0,
      ranges.at(-1)?.[1] ?? 0,
      except,
    ],
  });
  const counts = new Map(rows.map((row) => [row.place, row.count]));
  return ranges.map((_, index) => counts.get(2 * index + 1) ?? 0);
}

/** The first offsets of a range whose events pass the filter, or do not. */
export async function selectOffsets(
  db: Queryable,
  topic: FilteredTopic,
  of: { readonly range: OffsetRange; readonly isExcluded: boolean; readonly limit: number },
): Promise<number[]> {
  const { rows } = await db.query({
    name: of.isExcluded ? "select_excluded_offsets" : "select_passing_offsets",
    text: `
      SELECT e."offset" FROM event e
      WHERE e.topic_id = $1 AND e."offset" BETWEEN $5 AND $6 AND ${of.isExcluded ? "NOT " : ""}(${PASSES})
      ORDER BY e."offset" LIMIT $7`,
    values: [...filterValues(topic), of.range[0], of.range[1], of.limit],
    rowMode: "array",
  });
  return (rows as [number][]).map(([offset]) => offset);
}

export interface AccountEvent {
  readonly offset: number;
  readonly key: string | null;
  readonly type: string;
}

/** The events of some ranges, by offset. */
export async function selectAccountEvents(
  db: Queryable,
  { topicId, ranges }: { readonly topicId: number; readonly ranges: readonly OffsetRange[] },
): Promise<AccountEvent[]> {
  const { rows } = await db.query<AccountEvent>({
    name: "select_account_events",
    text: `
      SELECT e."offset", e.key, e.type FROM unnest($2::bigint[], $3::bigint[]) AS r(low, high)
      JOIN event e ON e.topic_id = $1 AND e."offset" BETWEEN r.low AND r.high ORDER BY e."offset"`,
    values: [topicId, ranges.map(([from]) => from), ranges.map(([, to]) => to)],
  });
  return rows;
}
