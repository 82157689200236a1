import { TRPCError } from "@trpc/server";
import type { Problem } from "../contract/problem.ts";
import { PROBLEM_CATALOGUE } from "../contract/problem-catalogue.ts";
import { DomainError } from "../domain/errors.ts";
import { asRefusal } from "../engine/database-unavailable.ts";
import { domainErrorOf } from "../trpc/error-shape.ts";

/** Whatever the control plane threw, as a problem document. A fault's text goes to `onError` and not to the caller. */
export function problemResponse(error: unknown, requestId: string, onError: (error: unknown) => void): Response {
  const refusal = asRefusal(error instanceof TRPCError ? domainErrorOf(error) : error);
  const isKnown = refusal instanceof DomainError && refusal.code !== "internal";
  if (!isKnown) onError(error instanceof Error && error.cause !== undefined ? error.cause : error);
  const { code, message, details } = isKnown
    ? refusal
    : new DomainError("internal", "Something went wrong here. The request's id leads to the log.");
  const { status, title } = PROBLEM_CATALOGUE[code];
  const problem: Problem = {
    ...details.facts,
    type: `/docs/problems#${code}`,
    title,
    status,
    detail: message,
    code,
    instance: requestId,
    ...(details.fields === undefined ? {} : { errors: details.fields }),
  };
  const headers = new Headers({ "content-type": "application/problem+json", "x-request-id": requestId });
  if (details.retryAfterSeconds !== undefined) headers.set("retry-after", String(Math.ceil(details.retryAfterSeconds)));
  if (code === "unauthenticated") headers.set("www-authenticate", "Bearer");
  const allowed = details.facts?.allowed;
  if (code === "method-not-allowed" && Array.isArray(allowed)) headers.set("allow", allowed.join(", "));
  return new Response(JSON.stringify(problem), { status, headers });
}
