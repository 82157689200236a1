import type { Queryable } from "./database.ts";

/**
 * Gives the role that serves what serving takes, and no more: it owns nothing, alters nothing, and adds to the audit
 * without being able to change it. Run by the owner after the migrations, at every start: new tables come with them.
 */
export async function grantToApplication(db: Queryable, role: string): Promise<void> {
  const name = `"${role.replaceAll('"', '""')}"`;
  await db.query(`
    GRANT USAGE ON SCHEMA public TO ${name};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO ${name};
    REVOKE UPDATE, DELETE ON audit_entry FROM ${name};
    REVOKE UPDATE ON event FROM ${name};
    REVOKE INSERT, UPDATE, DELETE ON _prisma_migrations FROM ${name};`);
}
