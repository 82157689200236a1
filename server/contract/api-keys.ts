import { z } from "zod";
import { freeText, timestamp } from "./names.ts";

export const scopeAction = z.enum(["publish", "read", "consume", "operate"]);
export type ScopeAction = z.infer<typeof scopeAction>;

/** An action, and the names it is allowed on: `payments.*` means every name that starts with `payments.`; `*` means all. */
export const scope = z.strictObject({
  action: scopeAction,
  pattern: z
    .string()
    .regex(/^(\*|[a-z0-9][a-z0-9._-]{0,127}\*?)$/, "must be a name, a name's beginning followed by '*', or '*'"),
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
});
export type ApiKey = z.infer<typeof apiKey>;
