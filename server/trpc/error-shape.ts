import { TRPCError } from "@trpc/server";
import type { TRPC_ERROR_CODE_KEY } from "@trpc/server/rpc";
import { ZodError } from "zod";
import { invalidInputOf } from "../contract/field-problems.ts";
import { DomainError, type ErrorCode, type FieldProblem } from "../domain/errors.ts";

/** Domain codes in tRPC's vocabulary; a code without a row does not compile. */
export const TRPC_CODE: Record<ErrorCode, TRPC_ERROR_CODE_KEY> = {
  "malformed-json": "PARSE_ERROR",
  "invalid-utf8": "PARSE_ERROR",
  "invalid-input": "BAD_REQUEST",
  "payload-too-large": "PAYLOAD_TOO_LARGE",
  "unsupported-media-type": "UNSUPPORTED_MEDIA_TYPE",
  unauthenticated: "UNAUTHORIZED",
  forbidden: "FORBIDDEN",
  "topic-not-found": "NOT_FOUND",
  "event-not-found": "NOT_FOUND",
  "consumer-not-found": "NOT_FOUND",
  "state-entry-not-found": "NOT_FOUND",
  "plan-not-found": "NOT_FOUND",
  "position-change-not-found": "NOT_FOUND",
  "operation-not-found": "NOT_FOUND",
  "not-found": "NOT_FOUND",
  "method-not-allowed": "METHOD_NOT_SUPPORTED",
  "already-set-up": "CONFLICT",
  "unexpected-offset": "CONFLICT",
  "history-purged": "CONFLICT",
  "id-reused": "CONFLICT",
  "stale-epoch": "CONFLICT",
  "not-delivered": "CONFLICT",
  "member-name-taken": "CONFLICT",
  "session-ended": "CONFLICT",
  "state-conflict": "CONFLICT",
  "plan-outdated": "CONFLICT",
  "already-undone": "CONFLICT",
  "operation-over": "CONFLICT",
  "consumer-exists": "CONFLICT",
  "removal-outdated": "CONFLICT",
  "bin-entry-not-found": "NOT_FOUND",
  "name-taken": "CONFLICT",
  "queue-full": "TOO_MANY_REQUESTS",
  "too-many-streams": "TOO_MANY_REQUESTS",
  "database-unavailable": "SERVICE_UNAVAILABLE",
  "holder-unavailable": "SERVICE_UNAVAILABLE",
  "shutting-down": "SERVICE_UNAVAILABLE",
  internal: "INTERNAL_SERVER_ERROR",
};

/** A refusal as a page is told it: the code, the fields at fault, facts to act on, the id to quote. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fields: readonly FieldProblem[];
  readonly facts: Readonly<Record<string, unknown>>;
}

const CODE_OF_TRPC: Partial<Record<TRPC_ERROR_CODE_KEY, ErrorCode>> = {
  PARSE_ERROR: "malformed-json",
  BAD_REQUEST: "invalid-input",
  UNAUTHORIZED: "unauthenticated",
  FORBIDDEN: "forbidden",
  NOT_FOUND: "not-found",
  METHOD_NOT_SUPPORTED: "method-not-allowed",
  PAYLOAD_TOO_LARGE: "payload-too-large",
  UNSUPPORTED_MEDIA_TYPE: "unsupported-media-type",
};

/** The domain's view of whatever a procedure threw. Faults become `internal`, and their text stays here. */
export function domainErrorOf(error: TRPCError): DomainError {
  const { cause } = error;
  if (cause instanceof DomainError) return cause;
  if (cause instanceof ZodError && error.code === "BAD_REQUEST") return invalidInputOf(cause);
  const code = CODE_OF_TRPC[error.code] ?? "internal";
  return new DomainError(code, code === "internal" ? "Something went wrong here." : error.message, { cause: error });
}

export function refusalOf(error: TRPCError): Refusal {
  const { code, message, details } = domainErrorOf(error);
  return {
    code,
    message: code === "internal" ? "Something went wrong here. The request's id leads to the log." : message,
    fields: details.fields ?? [],
    facts: details.facts ?? {},
  };
}

export function trpcErrorOf(error: DomainError): TRPCError {
  return new TRPCError({ code: TRPC_CODE[error.code], message: error.message, cause: error });
}
