import { z } from "zod";
import { scope } from "./api-keys.ts";
import { freeText } from "./names.ts";

export const roleName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, "must be lower-case letters, digits and . _ -");

export const role = z.object({
  name: roleName,
  description: z.string(),
  scopes: z.array(scope),
  /** `viewer`, `operator` and `admin`, which nobody changes. */
  isFixed: z.boolean(),
});
export type RoleDescription = z.infer<typeof role>;

/** `PUT /v1/roles/{role}`: the whole role. */
export const roleDeclaration = z.strictObject({
  description: freeText.max(200).default(""),
  scopes: z.array(scope).min(1, "must allow something").max(32),
});

export const roleList = z.object({ roles: z.array(role) });

export const personRow = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  roles: z.array(z.string()),
  createdAt: z.string(),
});
export type PersonRow = z.infer<typeof personRow>;

export const personList = z.object({ people: z.array(personRow) });

/** All of the person's roles; none = signs in and sees nothing. */
export const rolesRequest = z.strictObject({ roles: z.array(roleName).max(16) });

/** What the caller may do. */
export const ownAccess = z.array(scope);
