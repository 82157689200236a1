import type { Queryable } from "./database.ts";

/**
 * Says for as long as this connection lives that an instance does. A shared lock: the connection before it may be dead
 * without PostgreSQL knowing, and must not keep the next one waiting.
 */
export async function showInstanceAlive(db: Queryable, instance: string): Promise<void> {
  await db.query("SELECT pg_advisory_lock_shared(hashtextextended($1, 0))", [instance]);
}

/**
 * Whether a connection says that an instance is alive. It may say so for some seconds after the death of a machine, and
 * it may be silent for a moment while the instance connects anew.
 */
export async function isInstanceAlive(db: Queryable, instance: string): Promise<boolean> {
  const { rows } = await db.query<{ isAlive: boolean }>({
    name: "is_instance_alive",
    // pg_locks shows a bigint key as its upper half (classid) and its lower half (objid).
    text: `
      SELECT EXISTS (
        SELECT FROM pg_locks l, hashtextextended($1, 0) AS key
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND l.classid = ((key >> 32) & 4294967295)::oid AND l.objid = (key & 4294967295)::oid
      ) AS "isAlive"`,
    values: [instance],
  });
  return rows[0]?.isAlive ?? false;
}
