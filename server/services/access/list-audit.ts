import { seesAuditOf } from "../../domain/audit-sight.ts";
import { listAuditEntries } from "../../store/access/audit-list.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";

/** Rows looked at for one page that leaves rows out. A page that comes to it is short, and `next` leads on. */
const MAX_SCANNED = 5_000;
const STEP = 500;

export function listAudit(deps: { readonly database: Database }): Services["listAudit"] {
  return async ({ before, limit, may }) => {
    const seesAll = may("read", "installation") && may("administer", "installation");
    const seen: Awaited<ReturnType<typeof listAuditEntries>> = [];
    let next = before ?? null;
    for (let scanned = 0; scanned < MAX_SCANNED; scanned += STEP) {
      // One more than asked says whether there is another page, without counting.
      const asked = seesAll ? limit + 1 : STEP;
      const entries = await listAuditEntries(deps.database.prisma, { before: next, limit: asked });
      seen.push(...(seesAll ? entries : entries.filter((it) => seesAuditOf(may, it.target))));
      if (seen.length > limit) {
        const page = seen.slice(0, limit);
        return { entries: page, next: page.at(-1)?.id ?? null };
      }
      if (entries.length < asked) return { entries: seen, next: null };
      next = entries.at(-1)?.id ?? null;
    }
    return { entries: seen, next };
  };
}
