import type { LogState } from "../domain/append-plan.ts";
import { askedRows } from "./asked-rows.ts";
import type { Queryable } from "./database.ts";

/** Locks the topic against every other append until the transaction ends. Null when there is no such topic. */
export async function lockTopicHead(db: Queryable, topicId: number): Promise<number | null> {
  const { rows } = await db.query({
    name: "lock_topic_head",
    text: "SELECT head FROM topic_head WHERE topic_id = $1 FOR UPDATE",
    values: [topicId],
    rowMode: "array",
  });
  return (rows[0]?.[0] as number | undefined) ?? null;
}

/**
 * What a plan needs to know. A statement of its own after the lock: one that both waits for the lock and looks would
 * look with the snapshot from before the wait, and miss what the other instance just appended.
 */
export async function lookUp(
  db: Queryable,
  topicId: number,
  asked: { readonly ids: readonly string[]; readonly keys: readonly string[] },
): Promise<Pick<LogState, "known" | "lastOffsets">> {
  const { rows } = await db.query({
    name: "look_up_ids_and_keys",
    text: `SELECT 'id', e.id, e."offset"
             FROM ${askedRows("topic_id", "$2::text[]", "id")} i JOIN event e USING (topic_id, id)
           UNION ALL
           SELECT 'key', k.key, last."offset"
             FROM ${askedRows("topic_id", "$3::text[]", "key")} k, LATERAL (
               SELECT "offset" FROM event WHERE topic_id = k.topic_id AND key = k.key ORDER BY "offset" DESC LIMIT 1
             ) AS last`,
    values: [topicId, asked.ids, asked.keys],
    rowMode: "array",
  });
  const known = new Map<string, number>();
  const lastOffsets = new Map<string, number>();
  for (const [kind, name, offset] of rows as ["id" | "key", string, number][]) {
    (kind === "id" ? known : lastOffsets).set(name, offset);
  }
  return { known, lastOffsets };
}
