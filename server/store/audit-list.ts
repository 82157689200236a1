import type { AuditRow } from "../contract/audit.ts";
import type { Queryable } from "./database.ts";

interface Row extends Omit<AuditRow, "requestId"> {
  request_id: string | null;
}

/** Entries older than `before` (an id; null = from the newest), newest first. */
export async function listAuditEntries(
  db: Queryable,
  input: { readonly before: number | null; readonly limit: number },
): Promise<AuditRow[]> {
  const { rows } = await db.query<Row>(
    `SELECT id, at, actor, action, target, before, after, reason, request_id FROM audit_entry
      WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2`,
    [input.before, input.limit],
  );
  return rows.map(({ request_id, ...row }) => ({ ...row, requestId: request_id }));
}
