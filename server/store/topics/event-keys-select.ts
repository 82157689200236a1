import { askedRows } from "../asked-rows.ts";
import type { Queryable } from "../database.ts";

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
      SELECT "offset", e.key, e.type
      FROM ${askedRows("topic_id", "$2::bigint[]", '"offset"')} a JOIN event e USING (topic_id, "offset")`,
    values: [topicId, offsets],
  });
  return new Map(rows.map((row) => [row.offset, row]));
}
