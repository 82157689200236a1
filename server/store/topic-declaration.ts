import type { TopicDeclaration } from "../contract/topics.ts";
import type { Actor } from "../domain/actor.ts";
import type { Queryable } from "./database.ts";
import { insertAuditEntry } from "./insert-audit-entry.ts";

/**
 * Creates the topic with its head, or changes what the declaration names. Runs inside a transaction. Two instances that
 * declare at once: the second waits at the unique name, inserts nothing and goes on with the row of the first.
 */
export async function writeTopicDeclaration(
  db: Queryable,
  input: { readonly topic: string; readonly declaration: TopicDeclaration; readonly actor: Actor },
): Promise<{ created: boolean }> {
  const { topic, declaration, actor } = input;
  const entry = { actor: actor.name, target: `topic:${topic}`, requestId: actor.requestId };
  const existing = await readForUpdate(db, topic);
  if (existing === null) {
    const { rows } = await db.query({
      name: "insert_topic",
      text: `WITH created AS (
          INSERT INTO topic (name, description) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING RETURNING id
        )
        INSERT INTO topic_head (topic_id) SELECT id FROM created RETURNING topic_id`,
      values: [topic, declaration.description ?? ""],
    });
    if (rows.length > 0) {
      await insertAuditEntry(db, { ...entry, action: "topic.created", after: declaration });
      return { created: true };
    }
  }
  const current = existing ?? (await readForUpdate(db, topic));
  if (declaration.description === undefined || declaration.description === current?.description) {
    return { created: false };
  }
  await db.query({
    name: "update_topic_description",
    text: "UPDATE topic SET description = $2 WHERE name = $1",
    values: [topic, declaration.description],
  });
  await insertAuditEntry(db, { ...entry, action: "topic.changed", before: current, after: declaration });
  return { created: false };
}

async function readForUpdate(db: Queryable, topic: string): Promise<{ description: string } | null> {
  const { rows } = await db.query({
    name: "read_topic_for_update",
    text: "SELECT description FROM topic WHERE name = $1 FOR UPDATE",
    values: [topic],
  });
  return (rows[0] as { description: string } | undefined) ?? null;
}
