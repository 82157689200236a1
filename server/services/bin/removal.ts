import { createHash } from "node:crypto";
import type { Holdings, Removal } from "../../contract/bin.ts";
import type { Target } from "../../domain/access.ts";
import { DomainError, invalidField } from "../../domain/errors.ts";
import { removalSubjectText } from "../../domain/removal-subject.ts";
import { visibleHoldings } from "../../domain/visible-holdings.ts";
import { selectBin, selectBinDays } from "../../store/bin/table.ts";
import type { Queryable } from "../../store/database.ts";

/** What a removal says of itself, before or after it, to somebody who may read some names. */
export async function describeRemoval(
  db: Queryable,
  of: {
    readonly targetId: number;
    readonly holds: Holdings;
    readonly entryId: string | null;
    readonly mayRead: (it: Target) => boolean;
  },
): Promise<Removal> {
  const { targetId, holds, entryId, mayRead } = of;
  const [entry] = entryId === null ? [] : await selectBin(db, { id: entryId });
  const visible = visibleHoldings(holds, mayRead);
  return {
    token: createHash("sha256")
      .update(removalSubjectText({ targetId, ...holds }))
      .digest("base64url"),
    holds: visible,
    binDays: await selectBinDays(db),
    removed: entry === undefined ? null : { ...entry, holds: visible },
  };
}

/**
 * The reason of a removal that was previewed. Throws `invalid-input` for a missing token or reason, and
 * `removal-outdated` with fresh numbers (facts `removal`) when something else hangs on it than was previewed.
 */
export function requireToken(
  asked: { readonly token: string | undefined; readonly reason: string | undefined },
  fresh: Removal,
): string {
  if (asked.token === undefined)
    throw invalidField("token", "is required: ask with `dryRun=true` first, and pass what it answers");
  if (asked.reason === undefined) throw invalidField("reason", "must say why");
  if (asked.token !== fresh.token) {
    throw new DomainError("removal-outdated", "what hangs on it has changed since the dry run; nothing was removed", {
      facts: { removal: fresh },
    });
  }
  return asked.reason;
}
