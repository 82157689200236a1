import type { ApiKey, Scope } from "../../contract/api-keys.ts";
import { plainRow } from "../plain-row.ts";
import type { ApiKeyGetPayload } from "../prisma/models/ApiKey.ts";

/** What people may see of a key; never a hash. */
export const SEEN_OF_API_KEY = {
  id: true,
  name: true,
  prefix: true,
  scopes: true,
  createdBy: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
  lastUsedAt: true,
  previousUntil: true,
} as const satisfies Record<keyof ApiKey, true>;

export function apiKeyOf(row: ApiKeyGetPayload<{ select: typeof SEEN_OF_API_KEY }>): ApiKey {
  const { scopes, previousUntil, ...key } = row;
  const isOver = key.revokedAt !== null || previousUntil === null || previousUntil.getTime() <= Date.now();
  return plainRow({ ...key, scopes: scopes as Scope[], previousUntil: isOver ? null : previousUntil });
}
