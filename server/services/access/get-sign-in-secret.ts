import { randomBytes } from "node:crypto";
import { putSettingOnce } from "../../store/access/setting-put.ts";
import type { Database } from "../../store/database.ts";

/**
 * The secret that session cookies are signed with: drawn once and kept in the database, because every instance must
 * accept what another one signed. Whoever can read that table can read the sessions themselves.
 */
export function getSignInSecret(deps: { readonly database: Database }): () => Promise<string> {
  return async () => {
    const secret = await putSettingOnce(deps.database.prisma, "sign-in-secret", randomBytes(32).toString("base64url"));
    if (typeof secret !== "string" || secret.length < 32) throw new Error("the setting sign-in-secret is damaged");
    return secret;
  };
}
