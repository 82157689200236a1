import type { Queryable } from "../database.ts";

export interface TopicHead {
  readonly topicId: number;
  /** Offset of the last event; 0 = empty. */
  readonly head: number;
  /** Offset of the first event still retained. */
  readonly tail: number;
}

export async function readTopicHeads(db: Queryable, topicIds: readonly number[]): Promise<TopicHead[]> {
  const { rows } = await db.query({
    name: "read_topic_heads",
    text: 'SELECT topic_id AS "topicId", head, tail FROM topic_head WHERE topic_id = ANY ($1::int[])',
    values: [topicIds],
  });
  return rows as TopicHead[];
}
