import type { PersonRow } from "../contract/access.ts";
import type { Role } from "../domain/roles.ts";
import type { Queryable } from "./database.ts";

interface Row {
  id: string;
  name: string;
  email: string;
  roles: string[];
  created_at: string;
}

const COLUMNS = "id, name, email, roles, created_at";
const personOf = ({ created_at, ...row }: Row): PersonRow => ({ ...row, createdAt: created_at });

/** In order of their e-mail addresses; at most 1,000. */
export async function selectPeople(db: Queryable): Promise<PersonRow[]> {
  const { rows } = await db.query<Row>(`SELECT ${COLUMNS} FROM person ORDER BY email LIMIT 1000`);
  return rows.map(personOf);
}

/** Nobody's roles change until the transaction ends. */
export async function lockPeopleOf(db: Queryable): Promise<PersonRow[]> {
  await db.query("LOCK TABLE person IN SHARE ROW EXCLUSIVE MODE");
  return selectPeople(db);
}

export async function updateRoles(db: Queryable, id: string, roles: readonly string[]): Promise<void> {
  await db.query("UPDATE person SET roles = $2 WHERE id = $1", [id, roles]);
}

/** A role that is gone is nobody's, so that one of the same name made later gives nobody anything. */
export async function withdrawRole(db: Queryable, name: string): Promise<void> {
  await db.query("UPDATE person SET roles = array_remove(roles, $1) WHERE $1 = ANY (roles)", [name]);
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
