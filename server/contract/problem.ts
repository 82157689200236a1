import type { ErrorCode, FieldProblem } from "../domain/errors.ts";

/** An RFC 9457 problem document: the body of every refusal under `/v1`, as `application/problem+json`. */
export interface Problem {
  /** Stable; leads to its explanation: `/docs/problems#stale-epoch`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  /** The request's id; also in the `x-request-id` header and in the log. */
  readonly instance: string;
  readonly errors?: readonly FieldProblem[];
  /** Facts that go with the code, such as `actual` with `unexpected-offset`. */
  readonly [fact: string]: unknown;
}
