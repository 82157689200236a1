import type { Problem } from "../contract/problem.ts";
import { PROBLEM_CATALOGUE } from "../contract/problem-catalogue.ts";
import { DomainError } from "../domain/errors.ts";
import { asRefusal } from "../engine/database-unavailable.ts";

export interface ProblemAnswer {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
  /** The fault of this server, for the log; null for a refusal. */
  readonly fault: unknown;
}

/** Whatever was thrown, as an RFC 9457 document. A fault's text stays here: the caller gets the id that leads to it. */
export function problemOf(error: unknown, requestId: string): ProblemAnswer {
  const refusal = asRefusal(error);
  const isKnown = refusal instanceof DomainError && refusal.code !== "internal";
  const { code, message, details } = isKnown
    ? refusal
    : new DomainError("internal", "Something went wrong here. The request's id leads to the log.");
  const { status, title } = PROBLEM_CATALOGUE[code];
  const headers: Record<string, string> = {};
  if (details.retryAfterSeconds !== undefined) headers["retry-after"] = String(Math.ceil(details.retryAfterSeconds));
  else if (status === 503 || status === 429) headers["retry-after"] = "1";
  if (code === "unauthenticated") headers["www-authenticate"] = "Bearer";
  const allowed = details.facts?.allowed;
  if (code === "method-not-allowed" && Array.isArray(allowed)) headers.allow = allowed.join(", ");
  return {
    problem: {
      ...details.facts,
      type: `/docs/problems#${code}`,
      title,
      status,
      detail: message,
      code,
      instance: requestId,
      ...(details.fields === undefined ? {} : { errors: details.fields }),
    },
    headers,
    fault: isKnown ? null : error,
  };
}
