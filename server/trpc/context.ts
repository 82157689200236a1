import type { Identity } from "../auth/identity.ts";
import type { ApiKey } from "../contract/api-keys.ts";
import type { Environment, Person, SetupRequest, SystemInfo } from "../contract/environment.ts";
import type { LiveMessage, LiveRequest } from "../contract/live.ts";
import type { Overview } from "../contract/overview.ts";
import type { AccessScope, May } from "../domain/access.ts";
import type { Actor } from "../domain/actor.ts";
import type { Services } from "../services/services.ts";

/** First run: whether an administrator is still missing, and creating him. */
export interface Setup {
  isNeeded(): Promise<boolean>;
  /** Throws `already-set-up` once somebody exists and `forbidden` for a wrong token. */
  create(
    request: SetupRequest,
    requestId: string,
  ): Promise<{ person: Person; apiKey: { key: ApiKey; secret: string } }>;
}

/** One message of the live stream with the id to resume from. */
export interface LiveItem {
  readonly id: string;
  readonly message: LiveMessage;
}

export interface Live {
  /**
   * Ends when the signal aborts. `lastEventId` resumes the tail where the stream broke off. Tells what the caller may
   * read; throws `forbidden` for a tail of a topic that he may not.
   */
  listen(
    request: LiveRequest,
    options: { lastEventId: string | undefined; signal: AbortSignal; may: May },
  ): AsyncGenerator<LiveItem>;
}

/** The reach of a procedure: the use cases, and who is asking. */
export interface Context {
  readonly services: Services;
  readonly getOverview: (may: May) => Promise<Overview>;
  readonly setup: Setup;
  readonly live: Live;
  readonly environment: () => Promise<Environment>;
  readonly systemInfo: () => Promise<SystemInfo>;
  /** A component, by its API key. */
  readonly identity: Identity | null;
  /** An operator, by the session cookie. */
  readonly person: Person | null;
  /** What the caller may do: his roles', his key's, or nothing. */
  readonly scopes: readonly AccessScope[];
  readonly requestId: string;
  /** Aborted when the session ends, for streams; for requests to `/v1`, when the caller is gone. */
  readonly signal: AbortSignal;
  /** A fault as the refusal it amounts to (`database-unavailable`); every other error as it is. */
  readonly asRefusal: (error: unknown) => unknown;
  /** The status of the REST form, when it is not 200. tRPC has no use for it. */
  readonly answer: { status: number };
}

/** Who does it, for the audit. */
export function actorOf(context: Pick<Context, "identity" | "person" | "requestId">): Actor {
  const { identity, person, requestId } = context;
  const name = person !== null ? `person:${person.email}` : identity !== null ? `key:${identity.name}` : "system";
  return { name, requestId };
}
