import type { ApiKey } from "../../contract/api-keys.ts";
import type { Tables } from "../database.ts";
import { apiKeyOf, SEEN_OF_API_KEY } from "./api-key-row.ts";

/** Every key, revoked ones too, newest first; at most 1,000. */
export async function listApiKeys(db: Tables): Promise<ApiKey[]> {
  const rows = await db.apiKey.findMany({
    select: SEEN_OF_API_KEY,
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: 1_000,
  });
  return rows.map(apiKeyOf);
}
