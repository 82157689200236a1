import { isAnybodyThere } from "../../store/access/person-insert.ts";
import type { Database } from "../../store/database.ts";

/** Whether somebody can sign in. Remembered once true: people are never all removed again. */
export function isSetUp(deps: { readonly database: Database }): () => Promise<boolean> {
  let isKnown = false;
  return async () => {
    isKnown ||= await isAnybodyThere(deps.database.prisma);
    return isKnown;
  };
}
