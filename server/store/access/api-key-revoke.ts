import type { ApiKey } from "../../contract/api-keys.ts";
import type { Tables } from "../database.ts";
import { getApiKey } from "./api-key-get.ts";

/** The key as it is now; null = there is none. The first revocation's time stays; a person's outranks the system's. */
export async function revokeApiKey(
  db: Tables,
  { id, revokedBy }: { readonly id: string; readonly revokedBy: string },
): Promise<{ key: ApiKey; wasRevokedBefore: boolean } | null> {
  const revoked = await db.apiKey.updateMany({
    where: { id, revokedAt: null },
    data: { revokedAt: new Date(), revokedBy },
  });
  await db.apiKey.updateMany({ where: { id, revokedBy: "system" }, data: { revokedBy } });
  const key = await getApiKey(db, id);
  return key === null ? null : { key, wasRevokedBefore: revoked.count === 0 };
}
