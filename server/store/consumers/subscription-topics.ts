import type { TopicSettings } from "../../domain/consumer-settings.ts";
import type { Queryable } from "../database.ts";

export interface StoredSubscription extends TopicSettings {
  readonly topicId: number;
  /** The topic is in the bin. */
  readonly isRemoved: boolean;
}

/** The topics that a consumer reads, and those of them in the bin, where it keeps its place. */
export async function selectSubscriptions(db: Queryable, consumerId: number): Promise<StoredSubscription[]> {
  const { rows } = await db.query<StoredSubscription>({
    name: "select_subscriptions",
    text: `
      SELECT s.topic_id AS "topicId",
        -- A topic in the bin has no name that can be asked for; that of before may be another topic's by now.
        CASE WHEN t.removed_at IS NULL THEN t.name ELSE coalesce((
          SELECT b.name FROM bin_entry b WHERE b.kind = 'topic' AND b.target_id = t.id), t.name) || ' (removed)' END AS topic,
        t.removed_at IS NOT NULL AS "isRemoved", s.types, s.keys, s.key_prefix AS "keyPrefix", s.live_only AS "liveOnly", s.start
      FROM subscription s JOIN topic t ON t.id = s.topic_id WHERE s.consumer_id = $1 ORDER BY t.name`,
    values: [consumerId],
  });
  return rows;
}

export async function upsertSubscription(
  db: Queryable,
  consumerId: number,
  {
    topicId,
    settings,
    beganAfter,
  }: {
    readonly topicId: number;
    readonly settings: TopicSettings;
    /** Where it begins in a topic that is new to it; null = the topic is not. */
    readonly beganAfter: number | null;
  },
): Promise<void> {
  const { types, keys, keyPrefix, liveOnly, start } = settings;
  await db.query({
    name: "upsert_subscription",
    text: `
      INSERT INTO subscription (consumer_id, topic_id, types, keys, key_prefix, start, live_only, began_after, began_at)
      VALUES ($1, $2, $3, $4, $5, $6::json, $7, $8, clock_timestamp())
      ON CONFLICT (consumer_id, topic_id) DO UPDATE
      SET types = excluded.types, keys = excluded.keys, key_prefix = excluded.key_prefix, start = excluded.start,
        live_only = excluded.live_only`,
    values: [consumerId, topicId, types, keys, keyPrefix, JSON.stringify(start), liveOnly, beganAfter],
  });
}

export interface TopicPlace {
  readonly topicId: number;
  readonly topic: string;
  readonly head: number;
  readonly tail: number;
}

export async function selectTopicPlaces(db: Queryable, topics: readonly string[]): Promise<Map<string, TopicPlace>> {
  const { rows } = await db.query<TopicPlace>({
    name: "select_topic_places",
    text: `
      SELECT t.id AS "topicId", t.name AS topic, coalesce(h.head, 0) AS head, coalesce(h.tail, 1) AS tail
      FROM topic t LEFT JOIN topic_head h ON h.topic_id = t.id WHERE t.name = ANY ($1::text[])`,
    values: [topics],
  });
  return new Map(rows.map((row) => [row.topic, row]));
}
