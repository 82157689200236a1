import { randomUUID, timingSafeEqual } from "node:crypto";
import { type Scope, scopeAction } from "../contract/api-keys.ts";
import { apiKeyPrefix } from "../domain/api-key-secret.ts";
import type { Wakeups } from "../engine/wakeups.ts";
import { configuredApiKeys, reviveApiKey } from "../store/api-key-configured.ts";
import { insertApiKey } from "../store/api-key-insert.ts";
import { revokeApiKey } from "../store/api-key-revoke.ts";
import { type Database, transaction } from "../store/database.ts";
import { insertAuditEntry } from "../store/insert-audit-entry.ts";
import { hashOfSecret } from "./create-api-key.ts";

const CREATED_BY = "MILLRACE_API_KEY";
const EVERYTHING: readonly Scope[] = scopeAction.options.map((action) => ({ action, pattern: "*" }));

/**
 * Makes the secret of `MILLRACE_API_KEY` (16 characters or more) a key with every scope, and revokes the key of an
 * earlier value. Without the variable nothing is touched: another instance may have it.
 */
export function configureApiKey(deps: {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}): (secret: string) => Promise<void> {
  return async (secret) => {
    const hash = hashOfSecret(secret);
    const prefix = apiKeyPrefix(secret, hash.toString("hex"));
    const hasChanged = await transaction(deps.database.pool, async (db) => {
      const present = await configuredApiKeys(db, CREATED_BY);
      const isPresent = present.some((it) => timingSafeEqual(it.hash, hash));
      for (const { key } of present.filter((it) => !timingSafeEqual(it.hash, hash))) {
        await revokeApiKey(db, key.id);
        await insertAuditEntry(db, { actor: "system", action: "api-key.revoked", target: `api-key:${key.prefix}` });
      }
      if (isPresent) return present.length > 1;
      const key =
        (await reviveApiKey(db, prefix, hash)) ??
        (await insertApiKey(db, {
          id: randomUUID(),
          name: CREATED_BY,
          prefix,
          hash,
          scopes: EVERYTHING,
          createdBy: CREATED_BY,
          expiresAt: null,
        }));
      if (key === null) throw new Error("MILLRACE_API_KEY begins like another key; choose another secret");
      await insertAuditEntry(db, {
        actor: "system",
        action: "api-key.created",
        target: `api-key:${prefix}`,
        after: { name: key.name, scopes: key.scopes },
      });
      return true;
    });
    if (hasChanged) deps.wakeups.announce("keys");
  };
}
