import type { Queryable } from "./database.ts";

export async function putSetting(db: Queryable, name: string, value: unknown): Promise<void> {
  await db.query(
    `INSERT INTO setting (name, value) VALUES ($1, $2::json)
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = now()`,
    [name, JSON.stringify(value)],
  );
}

/** Stores the value unless there is one, and returns the one that counts: instances that start together agree. */
export async function putSettingOnce(db: Queryable, name: string, value: unknown): Promise<unknown> {
  await db.query("INSERT INTO setting (name, value) VALUES ($1, $2::json) ON CONFLICT (name) DO NOTHING", [
    name,
    JSON.stringify(value),
  ]);
  const { rows } = await db.query<{ value: unknown }>("SELECT value FROM setting WHERE name = $1", [name]);
  return rows[0]?.value;
}

export async function deleteSettings(db: Queryable, names: readonly string[]): Promise<void> {
  await db.query("DELETE FROM setting WHERE name = ANY($1::text[])", [names]);
}
