import { z } from "zod";
import { freeText, timestamp } from "./names.ts";

export const scopeAction = z.enum(["publish", "read", "consume", "operate", "administer"]);
export type ScopeAction = z.infer<typeof scopeAction>;

/**
 * An action, and the names it is allowed on: `payments.*` means every name that starts with `payments.`; `*` means all.
 * Without `on`, topics and consumers of these names.
 */
export const scope = z.strictObject({
  action: scopeAction,
  pattern: z
    .string()
    .regex(/^(\*|[a-z0-9][a-z0-9._-]{0,127}\*?)$/, "must be a name, a name's beginning followed by '*', or '*'"),
  on: z.enum(["topics", "consumers"]).optional(),
});
export type Scope = z.infer<typeof scope>;

export const apiKeyRequest = z.strictObject({
  name: freeText.trim().min(1, "must not be empty").max(100),
  scopes: z.array(scope).min(1, "must allow something").max(32),
  expiresAt: timestamp.optional(),
});

export const apiKey = z.object({
  id: z.uuid(),
  name: z.string(),
  prefix: z.string(),
  scopes: z.array(scope),
  createdBy: z.string(),
  createdAt: z.string(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  /** Until when the secret before the last rotation is good as well; null = there is one secret. */
  previousUntil: z.string().nullable(),
});
export type ApiKey = z.infer<typeof apiKey>;

export const apiKeyList = z.object({ keys: z.array(apiKey) });

/** The secret is shown this once, and cannot be had again. */
export const apiKeySecret = z.object({ key: apiKey, secret: z.string() });

const DAY_MS = 86_400_000;

/** For `overlapMs` the secret before is good beside the new one; 0 = it ends at once. */
export const rotationRequest = z.strictObject({
  overlapMs: z
    .int()
    .min(0)
    .max(30 * DAY_MS)
    .default(DAY_MS),
});
