/**
 * Every refusal Millrace can give, as a closed union. Transports map each code to theirs through a
 * `Record<ErrorCode, …>`, so a code without a mapping does not compile.
 */
export type ErrorCode =
  | "malformed-json"
  | "invalid-utf8"
  | "invalid-input"
  | "payload-too-large"
  | "unsupported-media-type"
  | "unauthenticated"
  | "forbidden"
  | "topic-not-found"
  | "event-not-found"
  | "consumer-not-found"
  | "state-entry-not-found"
  | "plan-not-found"
  | "position-change-not-found"
  | "operation-not-found"
  | "not-found"
  | "method-not-allowed"
  | "already-set-up"
  | "unexpected-offset"
  | "history-purged"
  | "id-reused"
  | "stale-epoch"
  | "not-delivered"
  | "member-name-taken"
  | "session-ended"
  | "state-conflict"
  | "plan-outdated"
  | "already-undone"
  | "operation-over"
  | "consumer-exists"
  | "removal-outdated"
  | "bin-entry-not-found"
  | "name-taken"
  | "queue-full"
  | "too-many-streams"
  | "database-unavailable"
  | "holder-unavailable"
  | "shutting-down"
  | "internal";

/** One thing that is wrong with an input: where (`events[3].type`) and what. */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/** Facts stand beside these members of a problem document: one of the same name would be lost. */
type NoProblemMember = {
  readonly [Name in "type" | "title" | "status" | "detail" | "code" | "instance" | "errors"]?: never;
};

export interface ErrorDetails {
  /** The fields at fault, for `invalid-input` and its kin. */
  readonly fields?: readonly FieldProblem[];
  /** Facts the caller can act on, such as the actual offsets of a conflict. Plain JSON; sent to the caller. */
  readonly facts?: Readonly<Record<string, unknown>> & NoProblemMember;
  /** Seconds after which a repeat may succeed. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A refusal or a fault, without any transport in it. The message is for the caller unless the code is `internal`. */
export class DomainError extends Error {
  override readonly name = "DomainError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
  }
}

/** The refusal of one named field. */
export function invalidField(field: string, message: string): DomainError {
  return new DomainError("invalid-input", `${field}: ${message}`, { fields: [{ field, message }] });
}
