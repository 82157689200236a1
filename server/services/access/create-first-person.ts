import { randomUUID } from "node:crypto";
import type { Environment, Person } from "../../contract/environment.ts";
import { DomainError } from "../../domain/errors.ts";
import { ADMIN } from "../../domain/roles.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { insertPerson, isAnybodyThere, lockPeople } from "../../store/access/person-insert.ts";
import { putSetting } from "../../store/access/setting-put.ts";
import type { Database } from "../../store/database.ts";
import { isSetupToken, withdrawSetupTokens } from "./setup-token.ts";

export interface FirstPerson {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  /** Absent = the server's own configuration asks, which needs no token. */
  readonly token?: string;
  readonly environment?: Environment;
  readonly requestId?: string;
}

/**
 * Creates the first administrator, and nobody after him: person, environment and audit row in one transaction, which
 * also spends the token. Throws `already-set-up`, and `forbidden` for a wrong token.
 */
export function createFirstPerson(deps: {
  readonly database: Database;
  readonly hashPassword: (password: string) => Promise<string>;
}): (input: FirstPerson) => Promise<Person> {
  return async (input) => {
    const { prisma } = deps.database;
    const refuseWrongToken = async (): Promise<void> => {
      if (await isAnybodyThere(prisma)) throw new DomainError("already-set-up", "This server has been set up already.");
      if (input.token !== undefined && !(await isSetupToken(prisma, input.token))) {
        throw new DomainError(
          "forbidden",
          "This set-up link is not valid. The server prints a new one at every start.",
        );
      }
    };
    // Before the slow hash, so that guessing costs the server next to nothing. Tokens end only when somebody is there,
    // which is asked again under the lock.
    await refuseWrongToken();
    const passwordHash = await deps.hashPassword(input.password);
    const person: Person = { id: randomUUID(), name: input.name, email: input.email.toLowerCase() };
    await prisma.$transaction(async (db) => {
      await lockPeople(db);
      if (await isAnybodyThere(db)) throw new DomainError("already-set-up", "This server has been set up already.");
      await insertPerson(db, { ...person, accountId: randomUUID(), passwordHash, roles: [ADMIN] });
      await withdrawSetupTokens(db);
      if (input.environment !== undefined) await putSetting(db, "environment", input.environment);
      await insertAuditEntry(db, {
        actor: input.token === undefined ? "system" : `person:${person.email}`,
        action: "person.created",
        target: `person:${person.email}`,
        after: {
          name: person.name,
          roles: [ADMIN],
          ...(input.environment === undefined ? {} : { environment: input.environment }),
        },
        ...(input.requestId === undefined ? {} : { requestId: input.requestId }),
      });
    });
    return person;
  };
}
