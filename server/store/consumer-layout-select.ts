import type { Queryable } from "./database.ts";

/** The number of the consumer's layout; null when there is no such consumer. */
export async function selectLayout(db: Queryable, consumerId: number): Promise<number | null> {
  const { rows } = await db.query<{ layout: number }>({
    name: "select_layout",
    text: "SELECT layout FROM consumer WHERE id = $1",
    values: [consumerId],
  });
  return rows[0]?.layout ?? null;
}
