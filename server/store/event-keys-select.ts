import type { Queryable } from "./database.ts";

export interface EventKey {
  readonly offset: number;
  readonly key: string | null;
  readonly type: string;
}

/** Keys and types of single events of one topic; those that retention has taken are missing. */
export async function selectEventKeys(
  db: Queryable,
  { topicId, offsets }: { readonly topicId: number; readonly offsets: readonly number[] },
): Promise<Map<number, EventKey>> {
  const { rows } = await db.query<EventKey>({
    name: "select_event_keys",
    text: `
      SELECT e."offset", e.key, e.type FROM unnest($2::bigint[]) AS a("offset")
      JOIN event e ON e.topic_id = $1 AND e."offset" = a."offset"`,
    values: [topicId, offsets],
  });
  return new Map(rows.map((row) => [row.offset, row]));
}
