import type { IncomingMessage } from "node:http";
import { DomainError } from "../domain/errors.ts";

const BEARER = /^bearer +([\x21-\x7e]{1,512}) *$/i;

/** The secret of an `Authorization: Bearer` header; null when there is no such header. Throws `unauthenticated`. */
export function bearerOf(req: IncomingMessage): string | null {
  const { authorization } = req.headers;
  if (authorization === undefined) return null;
  const secret = BEARER.exec(authorization)?.[1];
  if (secret === undefined) throw unauthenticated();
  return secret;
}

export function unauthenticated(): DomainError {
  return new DomainError("unauthenticated", "Send an API key as `Authorization: Bearer …`.");
}
