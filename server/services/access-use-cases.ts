import type { Wakeups } from "../engine/wakeups.ts";
import type { Database } from "../store/database.ts";
import { apiKeyAccess } from "./access/api-key-access.ts";
import { configureApiKey } from "./access/configure-api-key.ts";
import { createFirstPerson } from "./access/create-first-person.ts";
import { getScopesOf } from "./access/get-scopes-of.ts";
import { getSignInSecret } from "./access/get-sign-in-secret.ts";
import { isSetUp } from "./access/is-set-up.ts";
import { issueSetupToken } from "./access/setup-token.ts";
import { getEnvironment } from "./get-environment.ts";

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
