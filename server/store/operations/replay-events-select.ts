import type { EventFilter } from "../../domain/event-filter.ts";
import type { Queryable } from "../database.ts";
import type { EventKey } from "../topics/event-keys-select.ts";

export interface ReplayRange {
  readonly topicId: number;
  /** Offsets greater than this … */
  readonly after: number;
  /** … up to this one. */
  readonly through: number;
  /** The consumer's own filter. */
  readonly filter: EventFilter;
  /** What the operator has narrowed it to; null = everything. */
  readonly types: readonly string[] | null;
  readonly keys: readonly string[] | null;
}

const CONDITION = `topic_id = $1 AND "offset" > $2 AND "offset" <= $3
  AND ($4::text[] IS NULL OR type = ANY ($4)) AND ($5::text[] IS NULL OR key = ANY ($5))
  AND ($6::text IS NULL OR starts_with(key, $6))
  AND ($7::text[] IS NULL OR type = ANY ($7)) AND ($8::text[] IS NULL OR key = ANY ($8))`;

function valuesOf({ topicId, after, through, filter, types, keys }: ReplayRange): unknown[] {
  const { types: own, keys: ownKeys, keyPrefix } = filter;
  return [topicId, after, through, own ?? null, ownKeys ?? null, keyPrefix ?? null, types, keys];
}

/** The next events of a range, in order. */
export async function selectReplayEvents(db: Queryable, range: ReplayRange, limit: number): Promise<EventKey[]> {
  const { rows } = await db.query<EventKey>({
    name: "select_replay_events",
    text: `SELECT "offset", key, type FROM event WHERE ${CONDITION} ORDER BY "offset" LIMIT $9`,
    values: [...valuesOf(range), limit],
  });
  return rows;
}

export async function countReplayEvents(db: Queryable, range: ReplayRange): Promise<number> {
  const { rows } = await db.query<{ count: number }>({
    name: "count_replay_events",
    text: `SELECT count(*) AS count FROM event WHERE ${CONDITION}`,
    values: valuesOf(range),
  });
  return rows[0]?.count ?? 0;
}
