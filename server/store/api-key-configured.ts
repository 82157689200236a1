import type { ApiKey } from "../contract/api-keys.ts";
import { API_KEY_COLUMNS, type ApiKeyRow, apiKeyOf } from "./api-key-row.ts";
import type { Queryable } from "./database.ts";

/** The keys that came from the environment and are still good, with their hashes. Locked until the transaction ends. */
export async function configuredApiKeys(
  db: Queryable,
  createdBy: string,
): Promise<{ key: ApiKey; hash: Uint8Array }[]> {
  // Two instances that start at once with one new secret would both insert it.
  await db.query("LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE");
  const { rows } = await db.query<ApiKeyRow & { hash: Buffer }>(
    `SELECT ${API_KEY_COLUMNS}, hash FROM api_key WHERE created_by = $1 AND revoked_at IS NULL`,
    [createdBy],
  );
  return rows.map((row) => ({ key: apiKeyOf(row), hash: row.hash }));
}

/**
 * Makes a key good again that had given way to another value of its variable. One that a person revoked stays as it is:
 * see `revokedAt`. Null when no key has exactly this prefix and hash.
 */
export async function reviveApiKey(db: Queryable, prefix: string, hash: Uint8Array): Promise<ApiKey | null> {
  const { rows } = await db.query<ApiKeyRow>(
    `UPDATE api_key
        SET revoked_at = CASE WHEN revoked_by = 'system' THEN NULL ELSE revoked_at END,
            expires_at = CASE WHEN revoked_by = 'system' THEN NULL ELSE expires_at END,
            revoked_by = CASE WHEN revoked_by = 'system' THEN NULL ELSE revoked_by END
      WHERE prefix = $1 AND hash = $2
      RETURNING ${API_KEY_COLUMNS}`,
    [prefix, hash],
  );
  return rows[0] === undefined ? null : apiKeyOf(rows[0]);
}
