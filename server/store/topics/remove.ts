import type { Holdings } from "../../contract/bin.ts";
import type { Ordering } from "../../domain/sequence.ts";
import { NOTHING_HELD } from "../consumers/remove.ts";
import type { Queryable } from "../database.ts";

/** A topic by name, locked against declarations of it, of its consumers, and retention; null when there is none. */
export async function lockTopic(db: Queryable, topic: string): Promise<number | null> {
  const { rows } = await db.query<{ id: number }>({
    name: "lock_topic",
    text: "SELECT id FROM topic WHERE name = $1 FOR UPDATE",
    values: [topic],
  });
  return rows[0]?.id ?? null;
}

export interface TopicConsumer {
  readonly id: number;
  readonly ordering: Ordering;
  readonly partitions: number;
}

/**
 * The consumers that read a topic, by id, locked; those in the bin included. The topic must be locked: so nobody takes it
 * up meanwhile.
 */
export async function lockReaders(db: Queryable, topicId: number): Promise<TopicConsumer[]> {
  const { rows } = await db.query<TopicConsumer>({
    name: "lock_readers",
    text: `
      SELECT c.id, c.ordering, c.partitions FROM consumer c
      WHERE c.id IN (SELECT consumer_id FROM subscription WHERE topic_id = $1)
      ORDER BY c.id FOR UPDATE`,
    values: [topicId],
  });
  return rows;
}

/** What hangs on a topic. */
export async function selectTopicHoldings(db: Queryable, topicId: number): Promise<Holdings> {
  const ofConsumers = await db.query<Pick<Holdings, "consumers" | "members" | "parked">>({
    name: "select_topic_consumers",
    text: `
      SELECT
        (SELECT coalesce(array_agg(c.name ORDER BY c.name), '{}') FROM subscription s
         JOIN consumer c ON c.id = s.consumer_id WHERE s.topic_id = $1 AND c.removed_at IS NULL) AS consumers,
        (SELECT count(*) FROM subscription s JOIN member m ON m.consumer_id = s.consumer_id
         WHERE s.topic_id = $1 AND m.expires_at >= now()) AS members,
        (SELECT count(*) FROM subscription s
         JOIN parked_event p ON p.consumer_id = s.consumer_id AND p.topic_id = s.topic_id WHERE s.topic_id = $1) AS parked`,
    values: [topicId],
  });
  const ofTopic = await db.query<Pick<Holdings, "events" | "bytes">>({
    name: "select_topic_size",
    text: "SELECT greatest(0, head - tail + 1) AS events, bytes FROM topic_head WHERE topic_id = $1",
    values: [topicId],
  });
  return { ...NOTHING_HELD, ...ofConsumers.rows[0], ...ofTopic.rows[0] };
}

/** Locks the head: no event is appended until the transaction ends. */
export async function lockHead(db: Queryable, topicId: number): Promise<void> {
  await db.query({
    name: "lock_head",
    text: "SELECT FROM topic_head WHERE topic_id = $1 FOR UPDATE",
    values: [topicId],
  });
}

/**
 * Takes a topic out of everybody's sight. Its name is free at once. Without its head nothing is appended to it, followed
 * or delivered, at whatever instance. Returns the head as text, to be kept.
 */
export async function hideTopic(db: Queryable, topicId: number): Promise<string> {
  await db.query({
    name: "hide_topic",
    text: "UPDATE topic SET name = '~' || id, removed_at = now() WHERE id = $1",
    values: [topicId],
  });
  const { rows } = await db.query<{ head: string }>({
    name: "take_head",
    text: "DELETE FROM topic_head WHERE topic_id = $1 RETURNING row_to_json(topic_head)::text AS head",
    values: [topicId],
  });
  const [row] = rows;
  if (row === undefined) throw new Error(`topic ${topicId} has no head`);
  return row.head;
}

/** Brings a topic back, under a name that must be free. */
export async function showTopic(
  db: Queryable,
  { topicId, entryId, name }: { readonly topicId: number; readonly entryId: string; readonly name: string },
): Promise<void> {
  await db.query({
    name: "show_topic",
    text: "UPDATE topic SET name = $2, removed_at = NULL WHERE id = $1",
    values: [topicId, name],
  });
  const { rows } = await db.query<{ head: string }>({
    name: "select_kept_head",
    text: "SELECT head::text AS head FROM bin_entry WHERE id = $1",
    values: [entryId],
  });
  await db.query({
    name: "put_head_back",
    text: "INSERT INTO topic_head SELECT * FROM json_populate_record(NULL::topic_head, $1::json)",
    values: [rows[0]?.head],
  });
}

/** Whether anything is called so: a topic, or a consumer. */
export async function isNameTaken(db: Queryable, kind: "topic" | "consumer", name: string): Promise<boolean> {
  const { rows } = await db.query<{ is_taken: boolean }>({
    name: `is_${kind}_name_taken`,
    text: `SELECT EXISTS (SELECT FROM ${kind} WHERE name = $1) AS is_taken`,
    values: [name],
  });
  return rows[0]?.is_taken === true;
}
