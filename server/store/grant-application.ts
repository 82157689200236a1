import type { Queryable } from "./database.ts";

/**
 * Gives the role that serves what serving takes, and no more: it owns nothing, alters nothing, and adds to the audit
 * without being able to change it. Run by the owner after the migrations, at every start: new tables come with them.
 */
export async function grantToApplication(
  db: Queryable,
  to: { readonly role: string; readonly schema: string },
): Promise<void> {
  const [name, schema] = [quoted(to.role), quoted(to.schema)];
  await db.query(`
    GRANT USAGE ON SCHEMA ${schema} TO ${name};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${name};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${name};
    GRANT TRUNCATE ON write_probe TO ${name};
    REVOKE UPDATE, DELETE ON audit_entry FROM ${name};
    REVOKE UPDATE ON event FROM ${name};
    REVOKE INSERT, UPDATE, DELETE ON _prisma_migrations FROM ${name};`);
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
