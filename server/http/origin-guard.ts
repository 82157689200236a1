import type { IncomingMessage } from "node:http";
import { DomainError } from "../domain/errors.ts";

/**
 * Refuses what another site makes a signed-in browser send. The cookie is SameSite=Lax already; this also stops a page
 * of another port of the same host, and does not depend on how sign-in is configured.
 */
export function guardOrigin(req: IncomingMessage): void {
  const { origin, host } = req.headers;
  const site = req.headers["sec-fetch-site"];
  const refuse = (): DomainError => new DomainError("forbidden", "This request came from another site.");
  if (site === "cross-site" || site === "same-site") throw refuse();
  if (origin !== undefined && hostOf(origin) !== host) throw refuse();
}

/** A form can post, but not JSON: that takes a script of our own origin. */
export function requireJson(req: IncomingMessage): void {
  if (req.method === "GET" || req.method === "HEAD") return;
  const type = req.headers["content-type"] ?? "";
  if (!type.startsWith("application/json")) {
    throw new DomainError("unsupported-media-type", "Send application/json.");
  }
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}
