import { apiKeyPrefix } from "../../domain/api-key-secret.ts";
import { asRefusal } from "../../engine/database-unavailable.ts";
import { endedSecrets, findApiKeys, type StoredApiKey } from "../../store/access/api-key-find.ts";
import { touchApiKeys } from "../../store/access/api-key-touch.ts";
import type { Database } from "../../store/database.ts";

/** The statements that checking keys needs. */
export interface ApiKeyAccess {
  /**
   * The keys that a secret's beginning names; whether the secret is right is the caller's to check. Fails with
   * `database-unavailable`.
   */
  find(secret: string, hash: Uint8Array): Promise<readonly StoredApiKey[]>;
  /** The hashes among these that are of no good key any more. */
  ended(asked: readonly { readonly id: string; readonly hash: Uint8Array }[]): Promise<readonly Uint8Array[]>;
  touch(uses: readonly { readonly id: string; readonly atMs: number }[]): Promise<void>;
}

export function apiKeyAccess(deps: { readonly database: Database }): ApiKeyAccess {
  const { pool } = deps.database;
  return {
    async find(secret, hash) {
      try {
        return await findApiKeys(pool, apiKeyPrefix(secret, Buffer.from(hash).toString("hex")));
      } catch (error) {
        throw asRefusal(error);
      }
    },
    ended: (asked) => endedSecrets(pool, asked),
    touch: (uses) => touchApiKeys(pool, uses),
  };
}
