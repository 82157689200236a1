import type { ApiKey } from "../contract/api-keys.ts";
import { API_KEY_COLUMNS, type ApiKeyRow, apiKeyOf } from "./api-key-row.ts";
import type { Queryable } from "./database.ts";

export interface NewSecret {
  readonly id: string;
  readonly prefix: string;
  readonly hash: Uint8Array;
  /** How long the secret of now is good beside the new one. A third one, of an earlier rotation, ends at once. */
  readonly overlapMs: number;
}

/** The key with its new secret. The caller holds the row. Null when the prefix is taken: the caller draws another. */
export async function rotateApiKey(db: Queryable, secret: NewSecret): Promise<ApiKey | null> {
  // Cut and not rounded, so that no overlap is over at once.
  const { rows } = await db.query<ApiKeyRow>(
    `UPDATE api_key SET previous_prefix = prefix, previous_hash = hash,
                        previous_until = date_trunc('milliseconds', now()) + $4::float8 * interval '1 ms', prefix = $2, hash = $3
      WHERE id = $1 AND NOT EXISTS (SELECT FROM api_key other WHERE other.prefix = $2)
      RETURNING ${API_KEY_COLUMNS}`,
    [secret.id, secret.prefix, secret.hash, secret.overlapMs],
  );
  return rows[0] === undefined ? null : apiKeyOf(rows[0]);
}
