import type { Tables } from "../database.ts";

/** The value as parsed JSON; undefined = there is none. */
export async function getSetting(db: Tables, name: string): Promise<unknown> {
  return (await db.setting.findUnique({ where: { name } }))?.value;
}

/** Names that begin with `prefix`, newest first. */
export async function listSettingNames(db: Tables, prefix: string): Promise<string[]> {
  const rows = await db.setting.findMany({
    where: { name: { startsWith: prefix } },
    select: { name: true },
    orderBy: [{ updatedAt: "desc" }, { name: "asc" }],
  });
  return rows.map((it) => it.name);
}
