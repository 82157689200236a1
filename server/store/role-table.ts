import type { AccessScope } from "../domain/access.ts";
import type { Role } from "../domain/roles.ts";
import type { Queryable } from "./database.ts";

interface Row {
  name: string;
  description: string;
  scopes: AccessScope[];
}

/** Roles of the company's own, by name. */
export async function selectRoles(db: Queryable): Promise<Role[]> {
  const { rows } = await db.query<Row>("SELECT name, description, scopes FROM role ORDER BY name LIMIT 1000");
  return rows;
}

/** Locked until the transaction ends. */
export async function lockRole(db: Queryable, name: string): Promise<Role | null> {
  const { rows } = await db.query<Row>("SELECT name, description, scopes FROM role WHERE name = $1 FOR UPDATE", [name]);
  return rows[0] ?? null;
}

export async function putRole(db: Queryable, role: Role, createdBy: string): Promise<void> {
  await db.query(
    `INSERT INTO role (name, description, scopes, created_by) VALUES ($1, $2, $3::json, $4)
     ON CONFLICT (name) DO UPDATE SET description = excluded.description, scopes = excluded.scopes,
                                      updated_at = excluded.updated_at`,
    [role.name, role.description, JSON.stringify(role.scopes), createdBy],
  );
}

export async function deleteRole(db: Queryable, name: string): Promise<void> {
  await db.query("DELETE FROM role WHERE name = $1", [name]);
}
