import type { Queryable, Tables } from "../database.ts";

export interface NewAuditEntry {
  /** `person:ada@example.org`, `key:billing-worker` or `system`. */
  readonly actor: string;
  /** `<noun>.<past participle>`, such as `topic.created`. */
  readonly action: string;
  /** The object of the action, such as `topic:orders`. */
  readonly target: string;
  /** Plain JSON; absent = nothing was there. */
  readonly before?: unknown;
  readonly after?: unknown;
  readonly reason?: string;
  readonly requestId?: string;
}

const INSERT = `INSERT INTO audit_entry (actor, action, target, before, after, reason, request_id)
                VALUES ($1, $2, $3, $4::json, $5::json, $6, $7)`;

/** Runs inside the transaction of the action itself, of SQL or of Prisma, so that neither exists without the other. */
export async function insertAuditEntry(db: Queryable | Tables, entry: NewAuditEntry): Promise<void> {
  const values = [
    entry.actor,
    entry.action,
    entry.target,
    asJson(entry.before),
    asJson(entry.after),
    entry.reason ?? null,
    entry.requestId ?? null,
  ];
  await ("query" in db
    ? db.query({ name: "insert_audit_entry", text: INSERT, values })
    : db.$executeRawUnsafe(INSERT, ...values));
}

function asJson(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
