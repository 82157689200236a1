import type { ApiKey, Scope } from "../contract/api-keys.ts";
import { API_KEY_COLUMNS, type ApiKeyRow, apiKeyOf } from "./api-key-row.ts";
import type { Queryable } from "./database.ts";

export interface NewApiKey {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly hash: Uint8Array;
  readonly scopes: readonly Scope[];
  readonly createdBy: string;
  readonly expiresAt: string | null;
}

/** The stored key, or null when its prefix is taken: the caller draws another. */
export async function insertApiKey(db: Queryable, key: NewApiKey): Promise<ApiKey | null> {
  const { rows } = await db.query<ApiKeyRow>(
    `INSERT INTO api_key (id, name, prefix, hash, scopes, created_by, expires_at)
     VALUES ($1, $2, $3, $4, $5::json, $6, $7)
     ON CONFLICT (prefix) DO NOTHING
     RETURNING ${API_KEY_COLUMNS}`,
    [key.id, key.name, key.prefix, key.hash, JSON.stringify(key.scopes), key.createdBy, key.expiresAt],
  );
  return rows[0] === undefined ? null : apiKeyOf(rows[0]);
}
