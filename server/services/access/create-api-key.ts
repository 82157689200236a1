import { createHash, randomInt, randomUUID } from "node:crypto";
import { apiKeyPrefix, apiKeySecret } from "../../domain/api-key-secret.ts";
import { insertApiKey } from "../../store/access/api-key-insert.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";

/**
 * SHA-256 and no slow hash: a secret holds 238 random bits beside its prefix (and a configured one is the administrator's own), so there
 * is nothing to guess, and a slow hash would only cost whoever checks it.
 */
export function hashOfSecret(secret: string): Buffer<ArrayBuffer> {
  return createHash("sha256").update(secret, "utf8").digest();
}

export function createApiKey(deps: { readonly database: Database }): Services["createApiKey"] {
  return ({ name, scopes, expiresAt, secret, actor }) =>
    deps.database.prisma.$transaction(async (db) => {
      // A prefix is one of 62^8; drawing again is for completeness.
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const drawn = secret ?? apiKeySecret(() => randomInt(62));
        const hash = hashOfSecret(drawn);
        const key = await insertApiKey(db, {
          id: randomUUID(),
          name,
          prefix: apiKeyPrefix(drawn, hash.toString("hex")),
          hash,
          scopes,
          createdBy: actor.name,
          expiresAt: expiresAt ?? null,
        });
        if (key === null) continue;
        await insertAuditEntry(db, {
          actor: actor.name,
          requestId: actor.requestId,
          action: "api-key.created",
          target: `api-key:${key.prefix}`,
          after: { name: key.name, scopes: key.scopes, expiresAt: key.expiresAt },
        });
        return { key, secret: drawn };
      }
      throw new Error("no free prefix for a new API key");
    });
}
