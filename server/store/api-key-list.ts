import type { ApiKey } from "../contract/api-keys.ts";
import { API_KEY_COLUMNS, type ApiKeyRow, apiKeyOf } from "./api-key-row.ts";
import type { Queryable } from "./database.ts";

/** Every key, revoked ones too, newest first; at most 1,000. */
export async function listApiKeys(db: Queryable): Promise<ApiKey[]> {
  const { rows } = await db.query<ApiKeyRow>(
    `SELECT ${API_KEY_COLUMNS} FROM api_key ORDER BY created_at DESC, id DESC LIMIT 1000`,
  );
  return rows.map(apiKeyOf);
}
