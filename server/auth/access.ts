import type { Environment } from "../contract/environment.ts";
import { DomainError } from "../domain/errors.ts";
import type { AccessUseCases } from "../services/access-use-cases.ts";
import { createApiKeyChecker } from "./api-key-checker.ts";
import type { Authenticate } from "./identity.ts";
import type { Passwords } from "./password.ts";
import { createPeople, type People } from "./people.ts";

export interface AccessOptions {
  readonly useCases: AccessUseCases;
  /** The Prisma client, for sign-in's own tables. */
  readonly prisma: object;
  readonly passwords: Passwords;
  readonly wakeups: { listen(channel: string, listener: () => void): () => void };
  readonly onError: (error: unknown) => void;
  /** Warnings for whoever starts the server. */
  readonly onWarning: (message: string) => void;
  /** `MILLRACE_ADMIN_EMAIL` and `MILLRACE_ADMIN_PASSWORD`. */
  readonly admin?: { readonly email: string; readonly password: string };
  /** `MILLRACE_API_KEY`. */
  readonly apiKey?: string;
}

/** Who may come in: people by session cookie, components by API key, and the first person by a one-time link. */
export interface Access {
  readonly people: People;
  /** For the data plane: an API key's secret to who it is. */
  readonly authenticate: Authenticate;
  /** What a person may do now. */
  readonly scopesOf: AccessUseCases["getScopesOf"];
  readonly isSetUp: () => Promise<boolean>;
  readonly createFirstPerson: AccessUseCases["createFirstPerson"];
  readonly environment: () => Promise<Environment>;
  /** The one-time set-up link to print at start, or null once somebody can sign in. */
  setupLink(origin: string): Promise<string | null>;
  close(): Promise<void>;
}

export async function openAccess(options: AccessOptions): Promise<Access> {
  const { useCases, prisma, passwords, wakeups, onError, onWarning, admin, apiKey } = options;
  if (admin !== undefined) await ensureAdmin(useCases, admin);
  if (apiKey !== undefined) {
    const { revokedAt } = await useCases.configureApiKey(apiKey);
    if (revokedAt !== null) {
      onWarning(`MILLRACE_API_KEY was revoked on ${revokedAt} and stays so: choose another secret`);
    }
  }
  const people = createPeople({ prisma, passwords, secret: await useCases.getSignInSecret(), onError });
  const keys = createApiKeyChecker({
    access: useCases.apiKeys,
    onKeysChanged: (listener) => wakeups.listen("keys", listener),
    onError,
  });
  return {
    people,
    authenticate: keys.authenticate,
    scopesOf: useCases.getScopesOf,
    isSetUp: useCases.isSetUp,
    createFirstPerson: useCases.createFirstPerson,
    environment: useCases.getEnvironment,
    async setupLink(origin) {
      const token = await useCases.issueSetupToken();
      return token === null ? null : new URL(`/setup?token=${token}`, origin).href;
    },
    async close() {
      await Promise.all([keys.close(), passwords.close()]);
    },
  };
}

/** The first administrator of the configuration; whoever is there already stays as he is. */
async function ensureAdmin(useCases: AccessUseCases, admin: { email: string; password: string }): Promise<void> {
  if (await useCases.isSetUp()) return;
  try {
    await useCases.createFirstPerson({ ...admin, name: admin.email.split("@")[0] || admin.email });
  } catch (error) {
    // Another instance with the same configuration was first.
    if (!(error instanceof DomainError && error.code === "already-set-up")) throw error;
  }
}
