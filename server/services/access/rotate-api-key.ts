import { randomInt } from "node:crypto";
import { apiKeyPrefix, apiKeySecret } from "../../domain/api-key-secret.ts";
import { DomainError } from "../../domain/errors.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { getApiKey as find, lockApiKey } from "../../store/access/api-key-get.ts";
import { rotateApiKey as rotate } from "../../store/access/api-key-rotate.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";
import { CONFIGURED_BY } from "./configure-api-key.ts";
import { hashOfSecret } from "./create-api-key.ts";

const noSuchKey = (): DomainError => new DomainError("not-found", "There is no such API key.");

export const getApiKey =
  ({ database }: { readonly database: Database }): Services["getApiKey"] =>
  async ({ id }) => {
    const key = await find(database.prisma, id);
    if (key === null) throw noSuchKey();
    return key;
  };

/**
 * A new secret for a key. The one of now is good beside it for `overlapMs`, so that a component can be given the new one
 * while it runs; one of an earlier rotation ends at once.
 */
export function rotateApiKey(deps: {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}): Services["rotateApiKey"] {
  return async ({ id, overlapMs, actor }) => {
    const rotated = await deps.database.prisma.$transaction(async (db) => {
      const before = await lockApiKey(db, id);
      if (before === null) throw noSuchKey();
      if (before.revokedAt !== null) throw new DomainError("not-found", "This API key is revoked.");
      if (before.createdBy === CONFIGURED_BY) {
        throw new DomainError("forbidden", `This key's secret is what ${CONFIGURED_BY} says: change it there.`);
      }
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const secret = apiKeySecret(() => randomInt(62));
        const hash = hashOfSecret(secret);
        const key = await rotate(db, { id, hash, prefix: apiKeyPrefix(secret, hash.toString("hex")), overlapMs });
        if (key === null) continue;
        await insertAuditEntry(db, {
          actor: actor.name,
          requestId: actor.requestId,
          action: "api-key.rotated",
          target: `api-key:${key.prefix}`,
          before: { name: before.name, prefix: before.prefix },
          after: { name: key.name, prefix: key.prefix, previousUntil: key.previousUntil },
        });
        return { key, secret };
      }
      throw new Error("no free prefix for an API key's new secret");
    });
    // After the commit: whoever looks earlier still sees the secret good.
    deps.wakeups.announce("keys");
    return rotated;
  };
}
