import type { AccessScope } from "../../domain/access.ts";
import type { Role } from "../../domain/roles.ts";
import type { Tables } from "../database.ts";
import { jsonValue } from "../json-value.ts";
import type { RoleModel } from "../prisma/models.ts";

const roleOf = ({ name, description, scopes }: RoleModel): Role => ({
  name,
  description,
  scopes: scopes as unknown as AccessScope[],
});

/** Roles of the company's own, by name. */
export async function selectRoles(db: Tables): Promise<Role[]> {
  return (await db.role.findMany({ orderBy: { name: "asc" }, take: 1_000 })).map(roleOf);
}

/** Locked until the transaction ends. */
export async function lockRole(db: Tables, name: string): Promise<Role | null> {
  await db.$executeRaw`SELECT FROM role WHERE name = ${name} FOR UPDATE`;
  const row = await db.role.findUnique({ where: { name } });
  return row === null ? null : roleOf(row);
}

export async function putRole(db: Tables, role: Role, createdBy: string): Promise<void> {
  const content = { description: role.description, scopes: jsonValue(role.scopes) };
  await db.role.upsert({
    where: { name: role.name },
    create: { name: role.name, ...content, createdBy },
    update: { ...content, updatedAt: new Date() },
  });
}

export async function deleteRole(db: Tables, name: string): Promise<void> {
  await db.role.deleteMany({ where: { name } });
}
