import type { Retention, TopicDeclaration } from "../contract/topics.ts";
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
): Promise<{ created: boolean; changed: string[] }> {
  const { topic, declaration, actor } = input;
  const entry = { actor: actor.name, target: `topic:${topic}`, requestId: actor.requestId };
  const existing = await readForUpdate(db, topic);
  if (existing === null) {
    const { rows } = await db.query({
      name: "insert_topic",
      text: `WITH created AS (
          INSERT INTO topic (name, description, retention) VALUES ($1, $2, $3::json)
          ON CONFLICT (name) DO NOTHING RETURNING id
        )
        INSERT INTO topic_head (topic_id) SELECT id FROM created RETURNING topic_id`,
      values: [topic, declaration.description ?? "", retentionText(retentionAfter(null, declaration.retention))],
    });
    if (rows.length > 0) {
      await insertAuditEntry(db, { ...entry, action: "topic.created", after: declaration });
      return { created: true, changed: [] };
    }
  }
  const current = existing ?? (await readForUpdate(db, topic));
  if (current === null) throw new Error(`topic ${topic} vanished while it was declared`);
  const description = declaration.description === undefined ? current.description : (declaration.description ?? "");
  const retention = retentionText(retentionAfter(current.retention, declaration.retention));
  const changed = [
    ...(description === current.description ? [] : ["description"]),
    ...(retention === retentionText(current.retention) ? [] : ["retention"]),
  ];
  if (changed.length === 0) return { created: false, changed };
  await db.query({
    name: "update_topic",
    text: "UPDATE topic SET description = $2, retention = $3::json WHERE name = $1",
    values: [topic, description, retention],
  });
  const after = { description, retention: retention === null ? null : (JSON.parse(retention) as Retention), changed };
  await insertAuditEntry(db, { ...entry, action: "topic.changed", before: current, after });
  return { created: false, changed };
}

interface CurrentTopic {
  readonly description: string;
  readonly retention: Retention | null;
}

async function readForUpdate(db: Queryable, topic: string): Promise<CurrentTopic | null> {
  const { rows } = await db.query({
    name: "read_topic_for_update",
    text: "SELECT description, retention FROM topic WHERE name = $1 FOR UPDATE",
    values: [topic],
  });
  return (rows[0] as CurrentTopic | undefined) ?? null;
}

/** A bound that is not named stays as it is, and one that is null is none. */
function retentionAfter(before: Retention | null, changes: TopicDeclaration["retention"]): Retention | null {
  if (changes === undefined) return before;
  if (changes === null) return null;
  const { maxAgeMs, maxEvents, maxBytes, force } = changes;
  const after = <Value>(old: Value | undefined, value: Value | null | undefined) =>
    value === undefined ? old : (value ?? undefined);
  return {
    maxAgeMs: after(before?.maxAgeMs, maxAgeMs),
    maxEvents: after(before?.maxEvents, maxEvents),
    maxBytes: after(before?.maxBytes, maxBytes),
    force: after(before?.force, force),
  };
}

/** One text for one meaning; null = events are kept for ever. */
function retentionText(retention: Retention | null): string | null {
  if (retention === null) return null;
  const { maxAgeMs, maxEvents, maxBytes, force } = retention;
  if (maxAgeMs === undefined && maxEvents === undefined && maxBytes === undefined) return null;
  return JSON.stringify({ maxAgeMs, maxEvents, maxBytes, ...(force === true && { force }) });
}
