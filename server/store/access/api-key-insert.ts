import type { ApiKey, Scope } from "../../contract/api-keys.ts";
import type { Tables } from "../database.ts";
import { jsonValue } from "../json-value.ts";
import { apiKeyOf, SEEN_OF_API_KEY } from "./api-key-row.ts";

export interface NewApiKey {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly hash: Uint8Array<ArrayBuffer>;
  readonly scopes: readonly Scope[];
  readonly createdBy: string;
  readonly expiresAt: string | null;
}

/** The stored key, or null when its prefix is taken: the caller draws another. */
export async function insertApiKey(db: Tables, { scopes, ...key }: NewApiKey): Promise<ApiKey | null> {
  const data = { ...key, scopes: jsonValue(scopes) };
  const [row] = await db.apiKey.createManyAndReturn({ data, skipDuplicates: true, select: SEEN_OF_API_KEY });
  return row === undefined ? null : apiKeyOf(row);
}
