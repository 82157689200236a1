import type { AccessScope, May } from "../domain/access.ts";

/** Who a bearer token belongs to and what it may do. One object serves every request of a key while it is cached. */
export interface Identity {
  /** The key's name, for the audit and the log. */
  readonly name: string;
  readonly scopes: readonly AccessScope[];
  /** Whether it may do this to that topic or consumer. */
  readonly can: May;
  /** Aborts when the key is revoked or expires: a live stream ends when its key does. */
  readonly signal?: AbortSignal;
}

/**
 * Finds the identity of a bearer token; throws `unauthenticated` when there is none. Asked on every request, so what
 * was found is cached: an answer that is already known comes without a promise.
 */
export type Authenticate = (bearer: string) => Identity | Promise<Identity>;
