import type { Queryable } from "./database.ts";

/** The value as parsed JSON; undefined = there is none. */
export async function getSetting(db: Queryable, name: string): Promise<unknown> {
  const { rows } = await db.query<{ value: unknown }>("SELECT value FROM setting WHERE name = $1", [name]);
  return rows[0]?.value;
}

/** Names that begin with `prefix`, newest first. */
export async function listSettingNames(db: Queryable, prefix: string): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    "SELECT name FROM setting WHERE starts_with(name, $1) ORDER BY updated_at DESC, name",
    [prefix],
  );
  return rows.map((it) => it.name);
}
