import type { PlannedChange } from "../../contract/position-changes.ts";
import type { EventFilter } from "../../domain/event-filter.ts";
import type { Queryable } from "../database.ts";

export interface CountedRange {
  readonly topicId: number;
  readonly after: number;
  readonly through: number;
  readonly filter: EventFilter;
  /** Types that are left out all the same. */
  readonly without?: readonly string[];
}

/**
 * The first and the last event of a range that pass a filter. Looks at most at `scan` offsets from either end: a filter
 * that passes next to nothing must not make a preview read the whole topic.
 */
export async function selectRangeEnds(
  db: Queryable,
  { topicId, after, through, filter, without = [] }: CountedRange,
  scan = 200_000,
): Promise<Pick<PlannedChange, "firstEvent" | "lastEvent">> {
  if (through <= after) return { firstEvent: null, lastEvent: null };
  const end = (order: "ASC" | "DESC") => `
    (SELECT "offset", recorded_at AS "recordedAt", type FROM event
     WHERE topic_id = $1 AND "offset" > ${order === "ASC" ? "$2" : "greatest($2::bigint, $3::bigint - $7)"}
       AND "offset" <= ${order === "ASC" ? "least($3::bigint, $2::bigint + $7)" : "$3"}
       AND ($4::text[] IS NULL OR type = ANY ($4::text[]))
       AND ($5::text[] IS NULL OR key = ANY ($5::text[]))
       AND ($6::text IS NULL OR starts_with(key, $6::text)) AND type <> ALL ($8::text[])
     ORDER BY "offset" ${order} LIMIT 1)`;
  const { rows } = await db.query<NonNullable<PlannedChange["firstEvent"]>>({
    name: "select_range_ends",
    text: `${end("ASC")} UNION ALL ${end("DESC")}`,
    values: [
      ...[topicId, after, through, filter.types ?? null, filter.keys ?? null, filter.keyPrefix ?? null],
      ...[scan, without],
    ],
  });
  const [first, last] = rows.toSorted((a, b) => a.offset - b.offset);
  // With one row only one of the ends was within the scan, and which one does not matter.
  return { firstEvent: first ?? null, lastEvent: last ?? first ?? null };
}
