import type { ApiKey, Scope } from "../contract/api-keys.ts";

/** The columns of `api_key` that people may see; never the hash. */
export const API_KEY_COLUMNS = `id, name, prefix, scopes, created_by, created_at, expires_at, revoked_at, last_used_at,
  CASE WHEN previous_until > now() THEN previous_until END AS previous_until`;

export interface ApiKeyRow {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: Scope[];
  readonly created_by: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
  readonly previous_until: string | null;
}

export function apiKeyOf(row: ApiKeyRow): ApiKey {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scopes: row.scopes,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
    previousUntil: row.previous_until,
  };
}
