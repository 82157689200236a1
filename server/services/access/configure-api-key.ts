import { randomUUID, timingSafeEqual } from "node:crypto";
import { type Scope, scopeAction } from "../../contract/api-keys.ts";
import { apiKeyPrefix } from "../../domain/api-key-secret.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { configuredApiKeys, reviveApiKey } from "../../store/access/api-key-configured.ts";
import { insertApiKey } from "../../store/access/api-key-insert.ts";
import { revokeApiKey } from "../../store/access/api-key-revoke.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import type { Database } from "../../store/database.ts";
import { hashOfSecret } from "./create-api-key.ts";

export const CONFIGURED_BY = "MILLRACE_API_KEY";
const EVERYTHING: readonly Scope[] = scopeAction.options.map((action) => ({ action, pattern: "*" }));

export interface ConfiguredApiKey {
  /** When a person revoked the key that has this secret; null = the key is good. */
  readonly revokedAt: string | null;
}

/**
 * Makes the secret of `MILLRACE_API_KEY` (16 characters or more) a key with every scope, and revokes the key of an
 * earlier value. Without the variable nothing is touched: another instance may have it. A key that a person revoked
 * stays revoked, however often a server starts with it.
 */
export function configureApiKey(deps: {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}): (secret: string) => Promise<ConfiguredApiKey> {
  return async (secret) => {
    const hash = hashOfSecret(secret);
    const prefix = apiKeyPrefix(secret, hash.toString("hex"));
    const { hasChanged, revokedAt } = await deps.database.prisma.$transaction(async (db) => {
      const present = await configuredApiKeys(db, CONFIGURED_BY);
      const isPresent = present.some((it) => timingSafeEqual(it.hash, hash));
      for (const { key } of present.filter((it) => !timingSafeEqual(it.hash, hash))) {
        await revokeApiKey(db, { id: key.id, revokedBy: "system" });
        await insertAuditEntry(db, { actor: "system", action: "api-key.revoked", target: `api-key:${key.prefix}` });
      }
      if (isPresent) return { hasChanged: present.length > 1, revokedAt: null };
      const key =
        (await reviveApiKey(db, { prefix, hash })) ??
        (await insertApiKey(db, {
          id: randomUUID(),
          name: CONFIGURED_BY,
          prefix,
          hash,
          scopes: EVERYTHING,
          createdBy: CONFIGURED_BY,
          expiresAt: null,
        }));
      if (key === null) throw new Error("MILLRACE_API_KEY begins like another key; choose another secret");
      if (key.revokedAt !== null) return { hasChanged: present.length > 0, revokedAt: key.revokedAt };
      await insertAuditEntry(db, {
        actor: "system",
        action: "api-key.created",
        target: `api-key:${prefix}`,
        after: { name: key.name, scopes: key.scopes },
      });
      return { hasChanged: true, revokedAt: null };
    });
    if (hasChanged) deps.wakeups.announce("keys");
    return { revokedAt };
  };
}
