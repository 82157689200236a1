import type { Queryable } from "../database.ts";

/** Rows that one statement deletes at most: some 20 to 50 ms. */
const MAX_ROWS = 5_000;

/** What may have many rows comes first, and the consumer itself last: a purge that breaks off is taken up again. */
const OF_CONSUMER = [
  "delivery_attempt",
  "parked_event",
  "shelved_event",
  "state_entry",
  "position_change_restore",
  "cleared_event",
  "handled_before",
  "consumer_sample",
  "settlement_answer",
  "settlement_request",
  "position_change",
  "position_plan",
  "operation",
  "expired_event",
  "prior_layout",
  "dropped_topic",
  "cursor",
  "subscription",
  "member",
  "lease",
] as const;

/** Of the topic family, but for `topic_head`: that goes when the topic is removed. */
const OF_TOPIC = ["event", "purged_key", "topic_sample"] as const;

/** What a consumer keeps of one topic. The last three tell which consumers there are. */
const OF_TOPIC_AT_CONSUMER = [
  "delivery_attempt",
  "parked_event",
  "shelved_event",
  "cleared_event",
  "consumer_sample",
  "expired_event",
  "prior_layout",
  "cursor",
  "subscription",
  "dropped_topic",
  "handled_before",
] as const;

/** Deletes some of what a removed consumer left. Returns how many rows; 0 = nothing is left of it. */
export async function purgeConsumer(db: Queryable, consumerId: number): Promise<number> {
  for (const table of OF_CONSUMER) {
    const count = await deleteSome(db, { table, where: "consumer_id = $1", values: [consumerId] });
    if (count > 0) return count;
  }
  return deleteReference(db, "consumer", consumerId);
}

/**
 * Deletes some of what a removed topic left: its events, its samples, and what consumers kept of it. Returns how many rows;
 * 0 = nothing is left of it.
 */
export async function purgeTopic(db: Queryable, topicId: number): Promise<number> {
  await db.query("SET LOCAL millrace.retention = 'on'");
  for (const table of OF_TOPIC) {
    const count = await deleteSome(db, { table, where: "topic_id = $1", values: [topicId] });
    if (count > 0) return count;
  }
  for (const consumerId of await selectConsumersOf(db, topicId)) {
    for (const table of OF_TOPIC_AT_CONSUMER) {
      const where = "consumer_id = $1 AND topic_id = $2";
      const count = await deleteSome(db, { table, where, values: [consumerId, topicId] });
      if (count > 0) return count;
    }
  }
  return deleteReference(db, "topic", topicId);
}

/** Consumers that read the topic, or once did. */
async function selectConsumersOf(db: Queryable, topicId: number): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>({
    name: "select_purged_consumers",
    text: `
      SELECT consumer_id AS id FROM subscription WHERE topic_id = $1
      UNION SELECT consumer_id FROM dropped_topic WHERE topic_id = $1
      UNION SELECT consumer_id FROM handled_before WHERE topic_id = $1 ORDER BY id`,
    values: [topicId],
  });
  return rows.map((it) => it.id);
}

async function deleteSome(
  db: Queryable,
  of: { readonly table: string; readonly where: string; readonly values: readonly number[] },
): Promise<number> {
  const { table, where, values } = of;
  const { rowCount } = await db.query({
    name: `purge_${values.length}_${table}`,
    text: `
      DELETE FROM ${table} WHERE ${where}
        AND ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${where} LIMIT ${MAX_ROWS}))`,
    values: [...values],
  });
  return rowCount ?? 0;
}

async function deleteReference(db: Queryable, table: "topic" | "consumer", id: number): Promise<number> {
  const { rowCount } = await db.query({
    name: `purge_${table}`,
    text: `DELETE FROM ${table} WHERE id = $1`,
    values: [id],
  });
  return rowCount ?? 0;
}
