import type { AccessScope } from "./access.ts";

/** A named set of scopes. */
export interface Role {
  readonly name: string;
  readonly description: string;
  readonly scopes: readonly AccessScope[];
}

const onAll = (...actions: readonly AccessScope["action"][]): AccessScope[] =>
  actions.map((action) => ({ action, pattern: "*" }));

export const ADMIN = "admin";

/** The roles that every installation has, and nobody changes. */
export const FIXED_ROLES: readonly Role[] = [
  { name: "viewer", description: "Sees everything and changes nothing.", scopes: onAll("read") },
  {
    name: "operator",
    description: "Publishes, declares, pauses, moves, redrives and replays.",
    scopes: onAll("read", "publish", "operate"),
  },
  {
    name: ADMIN,
    description: "May do everything, and gives out roles and keys.",
    scopes: onAll("publish", "read", "consume", "operate", "administer"),
  },
];

export function fixedRole(name: string): Role | null {
  return FIXED_ROLES.find((it) => it.name === name) ?? null;
}

/** The scopes of everybody who has these roles. A role that is gone allows nothing. */
export function scopesOfRoles(names: readonly string[], ownRoles: readonly Role[]): AccessScope[] {
  return names.flatMap((name) => (fixedRole(name) ?? ownRoles.find((it) => it.name === name))?.scopes ?? []);
}
