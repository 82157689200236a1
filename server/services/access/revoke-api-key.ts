import { DomainError } from "../../domain/errors.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { revokeApiKey as revoke } from "../../store/access/api-key-revoke.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";

/** Revoking twice is one revocation. Streams that the key holds open end within a second or two, at every instance. */
export function revokeApiKey(deps: {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}): Services["revokeApiKey"] {
  return async ({ id, actor }) => {
    const key = await deps.database.prisma.$transaction(async (db) => {
      const revoked = await revoke(db, { id, revokedBy: actor.name });
      if (revoked === null) throw new DomainError("not-found", "There is no such API key.");
      if (!revoked.wasRevokedBefore) {
        await insertAuditEntry(db, {
          actor: actor.name,
          requestId: actor.requestId,
          action: "api-key.revoked",
          target: `api-key:${revoked.key.prefix}`,
          before: { name: revoked.key.name, revokedAt: null },
          after: { name: revoked.key.name, revokedAt: revoked.key.revokedAt },
        });
      }
      return revoked.key;
    });
    // After the commit: whoever looks earlier still sees the key good.
    deps.wakeups.announce("keys");
    return key;
  };
}
