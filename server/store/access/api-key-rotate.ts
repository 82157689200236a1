import type { ApiKey } from "../../contract/api-keys.ts";
import type { Tables } from "../database.ts";
import { getApiKey } from "./api-key-get.ts";

export interface NewSecret {
  readonly id: string;
  readonly prefix: string;
  readonly hash: Uint8Array;
  /** How long the secret of now is good beside the new one. A third one, of an earlier rotation, ends at once. */
  readonly overlapMs: number;
}

/** The key with its new secret. The caller holds the row. Null when the prefix is taken: the caller draws another. */
export async function rotateApiKey(db: Tables, { id, prefix, hash, overlapMs }: NewSecret): Promise<ApiKey | null> {
  // Cut and not rounded, so that no overlap is over at once.
  const rotated = await db.$executeRaw`
    UPDATE api_key SET previous_prefix = prefix, previous_hash = hash,
                       previous_until = date_trunc('milliseconds', now()) + ${overlapMs}::float8 * interval '1 ms',
                       prefix = ${prefix}, hash = ${hash}
     WHERE id = ${id}::uuid AND NOT EXISTS (SELECT FROM api_key other WHERE other.prefix = ${prefix})`;
  return rotated === 0 ? null : getApiKey(db, id);
}
