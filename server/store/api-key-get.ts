import type { ApiKey } from "../contract/api-keys.ts";
import { API_KEY_COLUMNS, type ApiKeyRow, apiKeyOf } from "./api-key-row.ts";
import type { Queryable } from "./database.ts";

/** Locked until the transaction ends. */
export async function lockApiKey(db: Queryable, id: string): Promise<ApiKey | null> {
  const { rows } = await db.query<ApiKeyRow>(`SELECT ${API_KEY_COLUMNS} FROM api_key WHERE id = $1 FOR UPDATE`, [id]);
  return rows[0] === undefined ? null : apiKeyOf(rows[0]);
}

export async function getApiKey(db: Queryable, id: string): Promise<ApiKey | null> {
  const { rows } = await db.query<ApiKeyRow>(`SELECT ${API_KEY_COLUMNS} FROM api_key WHERE id = $1`, [id]);
  return rows[0] === undefined ? null : apiKeyOf(rows[0]);
}
