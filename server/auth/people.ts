import { AsyncLocalStorage } from "node:async_hooks";
import { betterAuth } from "better-auth";
import { prismaAdapter } from "better-auth/adapters/prisma";
import { isAPIError } from "better-auth/api";
import type { Person } from "../contract/environment.ts";
import type { Passwords } from "./password.ts";

/** Where the custom server puts the peer's address, after removing whatever the client sent under this name. */
export const PEER_HEADER = "x-millrace-peer";

export interface PeopleOptions {
  /** The Prisma client with the models `person`, `personSession`, `personAccount`, `personVerification`. */
  readonly prisma: object;
  readonly secret: string;
  readonly passwords: Passwords;
  readonly onError: (message: string) => void;
}

/** Sign-in for operators: e-mail and password, a session cookie. */
export interface People {
  /** Everything under `/api/auth/`. Throws `queue-full` when too many passwords are being looked at. */
  handle(request: Request): Promise<Response>;
  /** Who the session cookie belongs to, or null. */
  personOf(headers: Headers, isSecure: boolean): Promise<Person | null>;
}

const DAY_SECONDS = 86_400;

/** Looking up a session ends in a refusal without a cause, whatever failed: the cause is told to the logger alone. */
const lookups = new AsyncLocalStorage<{ fault: Error | undefined }>();

/** Requests that hash a password. */
const HASHES = /^\/api\/auth\/(?:sign-in\/email|change-password|verify-password|set-password|reset-password)/;

function signIn({ prisma, secret, passwords, onError }: PeopleOptions, isSecure: boolean) {
  return betterAuth({
    appName: "Millrace",
    basePath: "/api/auth",
    secret,
    database: prismaAdapter(prisma, { provider: "postgresql" }),
    user: { modelName: "person" },
    session: { modelName: "personSession", expiresIn: 7 * DAY_SECONDS, updateAge: DAY_SECONDS },
    account: { modelName: "personAccount" },
    verification: { modelName: "personVerification" },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: 10,
      maxPasswordLength: 128,
      password: { hash: passwords.hash, verify: passwords.verify },
    },
    // One guess a second and address, in bursts; what a page asks for by itself is not counted.
    rateLimit: {
      enabled: true,
      customRules: { "/sign-in/email": { window: 60, max: 60 }, "/get-session": false },
    },
    advanced: {
      useSecureCookies: isSecure,
      cookiePrefix: "millrace",
      ipAddress: { ipAddressHeaders: [PEER_HEADER] },
    },
    telemetry: { enabled: false },
    // A fault, such as a database that is away, is for whoever mounted this; by itself it would answer an empty 500.
    onAPIError: {
      onError(error) {
        if (!isAPIError(error)) throw error;
      },
    },
    logger: {
      level: "error",
      log: (level, message, ...details: unknown[]) => {
        if (level !== "error") return;
        const asking = lookups.getStore();
        if (asking === undefined) onError(message);
        else asking.fault = details.find((it) => it instanceof Error);
      },
    },
  });
}

export function createPeople(options: PeopleOptions): People {
  const { passwords } = options;
  // A cookie marked Secure is lost over plain HTTP, and one without the mark is weaker than HTTPS allows; which of the
  // two a request came by is known only with the request (a proxy may speak HTTPS for this server).
  const plain = signIn(options, false);
  const secure = signIn(options, true);
  return {
    async handle(request) {
      const { protocol, pathname } = new URL(request.url);
      const answer = () => (protocol === "https:" ? secure : plain).handler(request);
      return HASHES.test(pathname) ? passwords.admit(answer) : answer();
    },
    async personOf(headers, isSecure) {
      if (!headers.has("cookie")) return null;
      const asking: { fault: Error | undefined } = { fault: undefined };
      const session = await lookups
        .run(asking, () => (isSecure ? secure : plain).api.getSession({ headers }))
        .catch((error: unknown) => {
          throw asking.fault ?? error;
        });
      if (session === null) return null;
      const { id, name, email } = session.user;
      return { id, name, email };
    },
  };
}
