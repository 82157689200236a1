import { listAuditEntries } from "../store/audit-list.ts";
import type { Database } from "../store/database.ts";
import type { Services } from "./services.ts";

export function listAudit(deps: { readonly database: Database }): Services["listAudit"] {
  return async ({ before, limit }) => {
    // One more than asked says whether there is another page, without counting.
    const entries = await listAuditEntries(deps.database.pool, { before: before ?? null, limit: limit + 1 });
    const page = entries.slice(0, limit);
    return { entries: page, next: entries.length > limit ? (page.at(-1)?.id ?? null) : null };
  };
}
