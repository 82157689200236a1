import type { ApiKey } from "../../contract/api-keys.ts";
import type { Tables } from "../database.ts";
import { apiKeyOf, SEEN_OF_API_KEY } from "./api-key-row.ts";

/** The keys that came from the environment and are still good, with their hashes. Locked until the transaction ends. */
export async function configuredApiKeys(db: Tables, createdBy: string): Promise<{ key: ApiKey; hash: Uint8Array }[]> {
  // Two instances that start at once with one new secret would both insert it.
  await db.$executeRaw`LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE`;
  const rows = await db.apiKey.findMany({
    where: { createdBy, revokedAt: null },
    select: { ...SEEN_OF_API_KEY, hash: true },
  });
  return rows.map(({ hash, ...row }) => ({ key: apiKeyOf(row), hash }));
}

/**
 * Makes a key good again that had given way to another value of its variable. One that a person revoked stays as it is:
 * see `revokedAt`. Null when no key has exactly this prefix and hash.
 */
export async function reviveApiKey(
  db: Tables,
  secret: { readonly prefix: string; readonly hash: Uint8Array<ArrayBuffer> },
): Promise<ApiKey | null> {
  await db.apiKey.updateMany({
    where: { ...secret, revokedBy: "system" },
    data: { revokedAt: null, expiresAt: null, revokedBy: null },
  });
  const row = await db.apiKey.findUnique({ where: secret, select: SEEN_OF_API_KEY });
  return row === null ? null : apiKeyOf(row);
}
