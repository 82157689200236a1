import type { Scope } from "../../contract/api-keys.ts";
import type { Queryable } from "../database.ts";

/** A key under one of its secrets, as far as checking needs it, and how long the answer holds. */
export interface StoredApiKey {
  readonly id: string;
  readonly name: string;
  /** Of the secret that was looked up. */
  readonly hash: Uint8Array;
  readonly scopes: readonly Scope[];
  /** Milliseconds since the epoch: the end of the key, or of this secret of it. */
  readonly expiresAtMs: number | null;
  readonly isRevoked: boolean;
}

interface Row {
  id: string;
  name: string;
  hash: Buffer;
  scopes: Scope[];
  ends_at: string | null;
  revoked_at: string | null;
}

const storedKeyOf = (row: Row): StoredApiKey => ({
  id: row.id,
  name: row.name,
  hash: row.hash,
  scopes: row.scopes,
  expiresAtMs: row.ends_at === null ? null : Date.parse(row.ends_at),
  isRevoked: row.revoked_at !== null,
});

/**
 * The keys with a secret that begins so. A secret of now and one that gave way may share their beginning, so there are
 * two at most.
 */
export async function findApiKeys(db: Queryable, prefix: string): Promise<StoredApiKey[]> {
  const { rows } = await db.query<Row>({
    name: "find_api_keys",
    text: `SELECT id, name, hash, scopes, expires_at AS ends_at, revoked_at FROM api_key WHERE prefix = $1
           UNION ALL
           SELECT id, name, previous_hash, scopes, least(expires_at, previous_until), revoked_at FROM api_key
            WHERE previous_prefix = $1`,
    values: [prefix],
  });
  return rows.map(storedKeyOf);
}

/** The secrets among these that are good no more: their key is revoked or gone, or has other secrets. */
export async function endedSecrets(
  db: Queryable,
  asked: readonly { readonly id: string; readonly hash: Uint8Array }[],
): Promise<Uint8Array[]> {
  const { rows } = await db.query<{ hash: Buffer }>({
    name: "ended_secrets",
    text: `SELECT asked.hash FROM unnest($1::uuid[], $2::bytea[]) AS asked (id, hash)
            WHERE NOT EXISTS (
              SELECT FROM api_key k
               WHERE k.id = asked.id AND k.revoked_at IS NULL
                 AND (k.hash = asked.hash OR (k.previous_hash = asked.hash AND k.previous_until > now())))`,
    values: [asked.map((it) => it.id), asked.map((it) => Buffer.from(it.hash))],
  });
  return rows.map((it) => it.hash);
}
