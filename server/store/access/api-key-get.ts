import type { ApiKey } from "../../contract/api-keys.ts";
import type { Tables } from "../database.ts";
import { apiKeyOf, SEEN_OF_API_KEY } from "./api-key-row.ts";

/** Locked until the transaction ends. */
export async function lockApiKey(db: Tables, id: string): Promise<ApiKey | null> {
  await db.$executeRaw`SELECT FROM api_key WHERE id = ${id}::uuid FOR UPDATE`;
  return getApiKey(db, id);
}

export async function getApiKey(db: Tables, id: string): Promise<ApiKey | null> {
  const row = await db.apiKey.findUnique({ where: { id }, select: SEEN_OF_API_KEY });
  return row === null ? null : apiKeyOf(row);
}
