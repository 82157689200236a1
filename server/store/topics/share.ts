import type { Queryable } from "../database.ts";

/** Keeps retention out of some topics until the transaction ends: their tails stay where they are. */
export async function shareTopics(db: Queryable, topics: readonly string[]): Promise<void> {
  await db.query({
    name: "share_topics",
    text: "SELECT FROM topic WHERE name = ANY ($1::text[]) ORDER BY id FOR KEY SHARE",
    values: [topics],
  });
}
