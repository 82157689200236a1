import type { Retention, TopicDeclaration } from "../../contract/topics.ts";
import type { Actor } from "../../domain/actor.ts";
import { insertAuditEntry } from "../access/insert-audit-entry.ts";
import type { Tables } from "../database.ts";
import { jsonValue } from "../json-value.ts";
import { Prisma } from "../prisma/client.ts";

/**
 * Creates the topic with its head, or changes what the declaration names. Runs inside a transaction. Two instances that
 * declare at once: the second waits at the unique name, inserts nothing and goes on with the row of the first.
 */
export async function writeTopicDeclaration(
  db: Tables,
  input: { readonly topic: string; readonly declaration: TopicDeclaration; readonly actor: Actor },
): Promise<{ created: boolean; changed: string[] }> {
  const { topic: name, declaration, actor } = input;
  const entry = { actor: actor.name, target: `topic:${name}`, requestId: actor.requestId };
  const existing = await lockTopic(db, name);
  if (existing === null) {
    const retention = columnOf(inOneForm(retentionAfter(null, declaration.retention)));
    const [created] = await db.topic.createManyAndReturn({
      data: { name, description: declaration.description ?? "", retention },
      skipDuplicates: true,
      select: { id: true },
    });
    if (created !== undefined) {
      await db.topicHead.createMany({ data: { topicId: created.id } });
      await insertAuditEntry(db, { ...entry, action: "topic.created", after: declaration });
      return { created: true, changed: [] };
    }
  }
  const current = existing ?? (await lockTopic(db, name));
  if (current === null) throw new Error(`topic ${name} vanished while it was declared`);
  const description = declaration.description === undefined ? current.description : (declaration.description ?? "");
  const retention = inOneForm(retentionAfter(current.retention, declaration.retention));
  const changed = [
    ...(description === current.description ? [] : ["description"]),
    ...(JSON.stringify(retention) === JSON.stringify(inOneForm(current.retention)) ? [] : ["retention"]),
  ];
  if (changed.length === 0) return { created: false, changed };
  await db.topic.updateMany({ where: { name }, data: { description, retention: columnOf(retention) } });
  const after = { description, retention, changed };
  await insertAuditEntry(db, { ...entry, action: "topic.changed", before: current, after });
  return { created: false, changed };
}

async function lockTopic(
  db: Tables,
  name: string,
): Promise<{ description: string; retention: Retention | null } | null> {
  await db.$executeRaw`SELECT FROM topic WHERE name = ${name} FOR UPDATE`;
  const row = await db.topic.findUnique({ where: { name }, select: { description: true, retention: true } });
  return row === null ? null : { ...row, retention: row.retention as Retention | null };
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
function inOneForm(retention: Retention | null): Retention | null {
  if (retention === null) return null;
  const { maxAgeMs, maxEvents, maxBytes, force } = retention;
  if (maxAgeMs === undefined && maxEvents === undefined && maxBytes === undefined) return null;
  return { maxAgeMs, maxEvents, maxBytes, ...(force === true && { force }) };
}

function columnOf(retention: Retention | null) {
  return retention === null ? Prisma.DbNull : jsonValue(retention);
}
