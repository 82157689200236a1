import type { Tables } from "../database.ts";
import { jsonValue } from "../json-value.ts";
import { getSetting } from "./setting-get.ts";

export async function putSetting(db: Tables, name: string, put: unknown): Promise<void> {
  const value = jsonValue(put);
  await db.setting.upsert({ where: { name }, create: { name, value }, update: { value, updatedAt: new Date() } });
}

/** Stores the value unless there is one, and returns the one that counts: instances that start together agree. */
export async function putSettingOnce(db: Tables, name: string, value: unknown): Promise<unknown> {
  await db.setting.createMany({ data: { name, value: jsonValue(value) }, skipDuplicates: true });
  return getSetting(db, name);
}

export async function deleteSettings(db: Tables, names: string[]): Promise<void> {
  await db.setting.deleteMany({ where: { name: { in: names } } });
}
