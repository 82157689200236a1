import type { Scope } from "../contract/api-keys.ts";
import type { Queryable } from "./database.ts";

/** A key as far as checking needs it, and how long the answer holds. */
export interface StoredApiKey {
  readonly id: string;
  readonly name: string;
  readonly hash: Uint8Array;
  readonly scopes: readonly Scope[];
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number | null;
  readonly isRevoked: boolean;
}

interface Row {
  id: string;
  name: string;
  hash: Buffer;
  scopes: Scope[];
  expires_at: string | null;
  revoked_at: string | null;
}

const storedKeyOf = (row: Row): StoredApiKey => ({
  id: row.id,
  name: row.name,
  hash: row.hash,
  scopes: row.scopes,
  expiresAtMs: row.expires_at === null ? null : Date.parse(row.expires_at),
  isRevoked: row.revoked_at !== null,
});

export async function findApiKey(db: Queryable, prefix: string): Promise<StoredApiKey | null> {
  const { rows } = await db.query<Row>({
    name: "find_api_key",
    text: "SELECT id, name, hash, scopes, expires_at, revoked_at FROM api_key WHERE prefix = $1",
    values: [prefix],
  });
  return rows[0] === undefined ? null : storedKeyOf(rows[0]);
}

/** The ids among these that are revoked or gone. */
export async function endedApiKeys(db: Queryable, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>({
    name: "ended_api_keys",
    text: `SELECT asked.id FROM unnest($1::uuid[]) AS asked (id)
            WHERE NOT EXISTS (SELECT FROM api_key WHERE api_key.id = asked.id AND revoked_at IS NULL)`,
    values: [ids],
  });
  return new Set(rows.map((it) => it.id));
}
