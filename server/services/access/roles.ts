import type { RoleDescription } from "../../contract/access.ts";
import type { Actor } from "../../domain/actor.ts";
import { DomainError, invalidField } from "../../domain/errors.ts";
import { ADMIN, FIXED_ROLES, fixedRole, type Role } from "../../domain/roles.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { lockPeopleOf, selectPeople, updateRoles, withdrawRole } from "../../store/access/person-roles.ts";
import { lockRole, putRole as put, deleteRole as remove, selectRoles } from "../../store/access/role-table.ts";
import type { Database } from "../../store/database.ts";
import type { Services } from "../services.ts";

interface Deps {
  readonly database: Database;
}

const noSuchRole = (): DomainError => new DomainError("not-found", "There is no such role.");

/** The fixed roles first. */
export const listRoles =
  ({ database }: Deps): Services["listRoles"] =>
  async () => [
    ...FIXED_ROLES.map((it) => described(it, true)),
    ...(await selectRoles(database.prisma)).map((it) => described(it, false)),
  ];

export const putRole =
  ({ database }: Deps): Services["putRole"] =>
  async ({ role, actor, mayGive }) => {
    if (fixedRole(role.name) !== null) throw invalidField("role", "is a fixed role; choose another name");
    const created = await database.prisma.$transaction(async (db) => {
      const before = await lockRole(db, role.name);
      // Whoever has the role loses what it had and gains what it has: neither may be beyond the giver.
      if (before !== null) mayGive(before.scopes);
      mayGive(role.scopes);
      await put(db, role, actor.name);
      await audit(db, actor, {
        action: before === null ? "role.created" : "role.changed",
        target: `role:${role.name}`,
        ...(before !== null && { before: contentOf(before) }),
        after: contentOf(role),
      });
      return before === null;
    });
    return { role: described(role, false), created };
  };

export const deleteRole =
  ({ database }: Deps): Services["deleteRole"] =>
  async ({ name, actor, mayGive }) => {
    if (fixedRole(name) !== null) throw invalidField("role", "is a fixed role, which stays");
    await database.prisma.$transaction(async (db) => {
      const people = await lockPeopleOf(db);
      const before = await lockRole(db, name);
      if (before === null) throw noSuchRole();
      mayGive(before.scopes);
      await withdrawRole(db, name);
      await remove(db, name);
      const had = people.filter((it) => it.roles.includes(name)).map((it) => it.email);
      await audit(db, actor, {
        action: "role.deleted",
        target: `role:${name}`,
        before: { ...contentOf(before), people: had },
      });
    });
  };

export const listPeople =
  ({ database }: Deps): Services["listPeople"] =>
  () =>
    selectPeople(database.prisma);

/** Gives and takes roles. Somebody stays administrator. A person's live streams end within seconds and come back. */
export const setRoles =
  ({ database }: Deps): Services["setRoles"] =>
  async ({ personId, roles, actor, mayGive }) => {
    const wanted = [...new Set(roles)];
    return database.prisma.$transaction(async (db) => {
      const people = await lockPeopleOf(db);
      const person = people.find((it) => it.id === personId);
      if (person === undefined) throw new DomainError("not-found", "There is no such person.");
      const known = [...FIXED_ROLES, ...(await selectRoles(db))];
      const unknown = wanted.find((name) => known.every((it) => it.name !== name));
      if (unknown !== undefined) throw invalidField("roles", `there is no role "${unknown}"`);
      const changed = known.filter((it) => wanted.includes(it.name) !== person.roles.includes(it.name));
      for (const it of changed) mayGive(it.scopes);
      const isLastAdmin = !wanted.includes(ADMIN) && people.every((it) => it === person || !it.roles.includes(ADMIN));
      if (isLastAdmin && person.roles.includes(ADMIN)) throw invalidField("roles", "somebody must stay admin");
      await updateRoles(db, personId, wanted);
      await audit(db, actor, {
        action: "person.roles-changed",
        target: `person:${person.email}`,
        before: { roles: person.roles },
        after: { roles: wanted },
      });
      return { ...person, roles: wanted };
    });
  };

const described = (role: Role, isFixed: boolean): RoleDescription => ({ ...role, scopes: [...role.scopes], isFixed });

const contentOf = ({ description, scopes }: Role) => ({ description, scopes });

function audit(
  db: Parameters<typeof insertAuditEntry>[0],
  actor: Actor,
  entry: Omit<Parameters<typeof insertAuditEntry>[1], "actor" | "requestId">,
): Promise<void> {
  return insertAuditEntry(db, { ...entry, actor: actor.name, requestId: actor.requestId });
}
