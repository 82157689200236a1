import type { ApiKey } from "../contract/api-keys.ts";
import { API_KEY_COLUMNS, type ApiKeyRow, apiKeyOf } from "./api-key-row.ts";
import type { Queryable } from "./database.ts";

/** The key as it is now; null = there is none. The first revocation's time stays; a person's outranks the system's. */
export async function revokeApiKey(
  db: Queryable,
  { id, revokedBy }: { readonly id: string; readonly revokedBy: string },
): Promise<{ key: ApiKey; wasRevokedBefore: boolean } | null> {
  const { rows } = await db.query<ApiKeyRow & { was_revoked_before: boolean }>(
    `UPDATE api_key SET revoked_at = coalesce(api_key.revoked_at, now()),
                        revoked_by = CASE WHEN coalesce(revoked_by, 'system') = 'system' THEN $2 ELSE revoked_by END
       FROM (SELECT id AS old_id, revoked_at IS NOT NULL AS was_revoked_before FROM api_key WHERE id = $1 FOR UPDATE) old
      WHERE api_key.id = old.old_id
      RETURNING ${API_KEY_COLUMNS}, was_revoked_before`,
    [id, revokedBy],
  );
  const row = rows[0];
  return row === undefined ? null : { key: apiKeyOf(row), wasRevokedBefore: row.was_revoked_before };
}
