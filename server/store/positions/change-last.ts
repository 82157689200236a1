import type { Queryable } from "../database.ts";

/** Id of the consumer's newest position change; null when there was none. */
export async function selectLastPositionChange(db: Queryable, consumerId: number): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>({
    name: "select_last_position_change",
    text: "SELECT id FROM position_change WHERE consumer_id = $1 ORDER BY applied_at DESC, id DESC LIMIT 1",
    values: [consumerId],
  });
  return rows[0]?.id ?? null;
}
