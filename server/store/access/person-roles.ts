import type { PersonRow } from "../../contract/access.ts";
import type { Role } from "../../domain/roles.ts";
import type { Queryable, Tables } from "../database.ts";
import { plainRow } from "../plain-row.ts";
import { lockPeople } from "./person-insert.ts";

const SEEN_OF_PERSON = {
  id: true,
  name: true,
  email: true,
  roles: true,
  createdAt: true,
} as const satisfies Record<keyof PersonRow, true>;

/** In order of their e-mail addresses; at most 1,000. */
export async function selectPeople(db: Tables): Promise<PersonRow[]> {
  return (await db.person.findMany({ select: SEEN_OF_PERSON, orderBy: { email: "asc" }, take: 1_000 })).map(plainRow);
}

/** Nobody's roles change until the transaction ends. */
export async function lockPeopleOf(db: Tables): Promise<PersonRow[]> {
  await lockPeople(db);
  return selectPeople(db);
}

export async function updateRoles(db: Tables, id: string, roles: string[]): Promise<void> {
  await db.person.update({ where: { id }, data: { roles }, select: { id: true } });
}

/** A role that is gone is nobody's, so that one of the same name made later gives nobody anything. */
export async function withdrawRole(db: Tables, name: string): Promise<void> {
  await db.$executeRaw`UPDATE person SET roles = array_remove(roles, ${name}) WHERE ${name} = ANY (roles)`;
}

/** A person's roles, and those among them that are the company's own; null = there is no such person. */
export async function selectRolesOf(
  db: Queryable,
  id: string,
): Promise<{ roles: readonly string[]; ownRoles: readonly Role[] } | null> {
  const { rows } = await db.query<{ roles: string[]; own_roles: Role[] }>({
    name: "select_roles_of",
    text: `SELECT p.roles, coalesce(
             (SELECT json_agg(json_build_object('name', r.name, 'description', r.description, 'scopes', r.scopes))
                FROM role r WHERE r.name = ANY (p.roles)), '[]') AS own_roles
             FROM person p WHERE p.id = $1`,
    values: [id],
  });
  const row = rows[0];
  return row === undefined ? null : { roles: row.roles, ownRoles: row.own_roles };
}
