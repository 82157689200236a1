import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { isAnybodyThere } from "../../store/access/person-insert.ts";
import { listSettingNames } from "../../store/access/setting-get.ts";
import { deleteSettings, putSetting } from "../../store/access/setting-put.ts";
import type { Database, Tables } from "../../store/database.ts";

const PREFIX = "setup-token:";
/** Instances that may each have printed a link; the oldest links go first. */
const KEPT = 8;

const hashOf = (token: string): string => createHash("sha256").update(token, "utf8").digest("hex");

/**
 * Draws a one-time token for this start, or null once somebody can sign in. Only its hash is kept, in the database, so
 * that the link works at whichever instance it is opened.
 */
export function issueSetupToken(deps: { readonly database: Database }): () => Promise<string | null> {
  return async () => {
    const { prisma } = deps.database;
    if (await isAnybodyThere(prisma)) return null;
    const token = randomBytes(24).toString("base64url");
    await putSetting(prisma, PREFIX + hashOf(token), true);
    await deleteSettings(prisma, (await listSettingNames(prisma, PREFIX)).slice(KEPT));
    return token;
  };
}

/** Compares with every token that is out, in constant time. */
export async function isSetupToken(db: Tables, token: string): Promise<boolean> {
  const given = Buffer.from(hashOf(token));
  let isGood = false;
  for (const name of await listSettingNames(db, PREFIX)) {
    const known = Buffer.from(name.slice(PREFIX.length));
    if (known.length === given.length && timingSafeEqual(known, given)) isGood = true;
  }
  return isGood;
}

export async function withdrawSetupTokens(db: Tables): Promise<void> {
  await deleteSettings(db, await listSettingNames(db, PREFIX));
}
