import type { Queryable } from "../database.ts";

export interface TopicRef {
  readonly id: number;
  readonly name: string;
}

export async function findTopic(db: Queryable, name: string): Promise<TopicRef | null> {
  const { rows } = await db.query({
    name: "find_topic",
    text: "SELECT id, name FROM topic WHERE name = $1",
    values: [name],
  });
  return (rows[0] as TopicRef | undefined) ?? null;
}
