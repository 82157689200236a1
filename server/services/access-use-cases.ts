import type { Wakeups } from "../engine/wakeups.ts";
import type { Database } from "../store/database.ts";
import { apiKeyAccess } from "./api-key-access.ts";
import { configureApiKey } from "./configure-api-key.ts";
import { createFirstPerson } from "./create-first-person.ts";
import { getEnvironment } from "./get-environment.ts";
import { getScopesOf } from "./get-scopes-of.ts";
import { getSignInSecret } from "./get-sign-in-secret.ts";
import { isSetUp } from "./is-set-up.ts";
import { issueSetupToken } from "./setup-token.ts";

/** The use cases behind sign-in, set-up and API keys, which no route calls by itself. */
export function accessUseCases(deps: {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
  readonly hashPassword: (password: string) => Promise<string>;
}) {
  return {
    apiKeys: apiKeyAccess(deps),
    configureApiKey: configureApiKey(deps),
    createFirstPerson: createFirstPerson(deps),
    getEnvironment: getEnvironment(deps),
    getSignInSecret: getSignInSecret(deps),
    issueSetupToken: issueSetupToken(deps),
    getScopesOf: getScopesOf(deps),
    isSetUp: isSetUp(deps),
  };
}

export type AccessUseCases = ReturnType<typeof accessUseCases>;
