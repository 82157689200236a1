import type { Queryable } from "./database.ts";

/** Events within a range of one topic that bear one of the keys, by ascending offset. */
export async function selectOffsetsOfKeys(
  db: Queryable,
  of: { readonly topicId: number; readonly after: number; readonly through: number; readonly keys: readonly string[] },
): Promise<{ offset: number; key: string }[]> {
  if (of.keys.length === 0) return [];
  const { rows } = await db.query<{ offset: number; key: string }>({
    name: "select_offsets_of_keys",
    text: `
      SELECT "offset", key FROM event
      WHERE topic_id = $1 AND "offset" > $2 AND "offset" <= $3 AND key = ANY ($4::text[]) ORDER BY "offset"`,
    values: [of.topicId, of.after, of.through, of.keys],
  });
  return rows;
}
