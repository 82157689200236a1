import type { AuditRow } from "../../contract/audit.ts";
import type { Tables } from "../database.ts";
import { plainRow } from "../plain-row.ts";

/** Entries older than `before` (an id; null = from the newest), newest first. */
export async function listAuditEntries(
  db: Tables,
  { before, limit }: { readonly before: number | null; readonly limit: number },
): Promise<AuditRow[]> {
  const where = before === null ? {} : { id: { lt: before } };
  const rows = await db.auditEntry.findMany({ where, orderBy: { id: "desc" }, take: limit });
  return rows.map(plainRow);
}
