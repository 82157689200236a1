import { apiKeyPrefix } from "../domain/api-key-secret.ts";
import { asRefusal } from "../engine/database-unavailable.ts";
import { endedApiKeys, findApiKey, type StoredApiKey } from "../store/api-key-find.ts";
import { touchApiKeys } from "../store/api-key-touch.ts";
import type { Database } from "../store/database.ts";

/** The statements that checking keys needs. */
export interface ApiKeyAccess {
  /**
   * The key that a secret's beginning names; whether the secret is right is the caller's to check. Fails with
   * `database-unavailable`.
   */
  find(secret: string, hash: Uint8Array): Promise<StoredApiKey | null>;
  /** The ids among these that are revoked or gone. */
  ended(ids: readonly string[]): Promise<ReadonlySet<string>>;
  touch(uses: readonly { readonly id: string; readonly atMs: number }[]): Promise<void>;
}

export function apiKeyAccess(deps: { readonly database: Database }): ApiKeyAccess {
  const { pool } = deps.database;
  return {
    async find(secret, hash) {
      try {
        return await findApiKey(pool, apiKeyPrefix(secret, Buffer.from(hash).toString("hex")));
      } catch (error) {
        throw asRefusal(error);
      }
    },
    ended: (ids) => endedApiKeys(pool, ids),
    touch: (uses) => touchApiKeys(pool, uses),
  };
}
