import type { Queryable } from "../database.ts";

/** Consumers that stand before what a topic's retention would take next. */
export interface RetentionHolders {
  readonly topicId: number;
  /** The slowest of them. */
  readonly by: { readonly consumer: string; readonly position: number }[];
  /** All of them. */
  readonly consumers: number;
}

const MAX_NAMED = 10;

/** Of topics with their tails, those where a consumer's position is below the tail: it has not passed the first event kept. */
export async function selectRetentionHolders(
  db: Queryable,
  topics: readonly { readonly topicId: number; readonly tail: number }[],
): Promise<RetentionHolders[]> {
  const { rows } = await db.query<RetentionHolders>({
    name: "select_retention_holders",
    text: `
      SELECT p.topic_id AS "topicId", count(*) AS consumers,
        json_agg(json_build_object('consumer', p.name, 'position', p.position) ORDER BY p.position, p.name)
          FILTER (WHERE p.place <= ${MAX_NAMED}) AS by
      FROM (
        SELECT s.topic_id, c.name, k.position, row_number() OVER (PARTITION BY s.topic_id ORDER BY k.position, c.name) AS place
        FROM unnest($1::int[], $2::bigint[]) AS a(topic_id, tail)
        JOIN subscription s ON s.topic_id = a.topic_id
        JOIN consumer c ON c.id = s.consumer_id AND c.removed_at IS NULL
        CROSS JOIN LATERAL (
          SELECT min(position) AS position FROM cursor WHERE consumer_id = s.consumer_id AND topic_id = s.topic_id
        ) k
        WHERE k.position < a.tail
      ) p GROUP BY p.topic_id`,
    values: [topics.map((it) => it.topicId), topics.map((it) => it.tail)],
  });
  return rows;
}
