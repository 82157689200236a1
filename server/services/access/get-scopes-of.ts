import type { AccessScope } from "../../domain/access.ts";
import { scopesOfRoles } from "../../domain/roles.ts";
import { asRefusal } from "../../engine/database-unavailable.ts";
import { selectRolesOf } from "../../store/access/person-roles.ts";
import type { Database } from "../../store/database.ts";

/** What a person may do, by the roles of this moment; nothing for somebody who is gone. */
export function getScopesOf(deps: {
  readonly database: Database;
}): (personId: string) => Promise<readonly AccessScope[]> {
  return async (personId) => {
    try {
      const found = await selectRolesOf(deps.database.pool, personId);
      return found === null ? [] : scopesOfRoles(found.roles, found.ownRoles);
    } catch (error) {
      throw asRefusal(error);
    }
  };
}
