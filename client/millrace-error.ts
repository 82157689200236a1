import type { Problem } from "./wire.ts";

/**
 * Every refusal and fault the SDK reports. `code` is the server's problem code (`topic-not-found`, `stale-epoch` …) or
 * one of the SDK's own: `unreachable` (no answer; `status` 0), `unreadable` (an answer that is not Millrace's), `gap`, `ahead`,
 * `consumer-removed` and `topic-removed` (while a member of it, or a follower, was connected).
 */
export class MillraceError extends Error {
  override readonly name: string = "MillraceError";

  constructor(
    readonly code: string,
    message: string,
    /** HTTP status; 0 when there was no answer. */
    readonly status: number,
    readonly details: { readonly problem?: Problem; readonly retryAfterMs?: number; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
  }

  /** The server's problem document, when it gave one. */
  get problem(): Problem | null {
    return this.details.problem ?? null;
  }
}

/** The key has moved on: somebody else appended since it was loaded. Load again and decide again. */
export class ConflictError extends MillraceError {
  override readonly name = "ConflictError";

  constructor(
    problem: Problem,
    /** Per key that was asked about: the offset of its last event, 0 for none. */
    readonly actual: Readonly<Record<string, number>>,
  ) {
    super(problem.code, problem.detail, problem.status, { problem });
  }
}

/** Retention has passed the offset that a follower asked for: the events between are gone. */
export class GapError extends MillraceError {
  override readonly name = "GapError";

  constructor(
    readonly requested: number,
    readonly firstAvailable: number,
  ) {
    super("gap", `offsets ${requested} to ${firstAvailable - 1} are no longer retained`, 0);
  }
}

/** The topic ends before the place that a follower asked for: it was restored from a backup, or is another one. */
export class AheadError extends MillraceError {
  override readonly name = "AheadError";

  constructor(
    /** The offset it was to go on after. */
    readonly requested: number,
    /** Offset of the topic's last event. */
    readonly head: number,
  ) {
    super("ahead", `the topic ends at offset ${head}; what comes after ${requested} was asked for`, 0);
  }
}

/** Whether the same request may succeed a little later. */
export function isTransient(error: unknown): error is MillraceError {
  return (
    error instanceof MillraceError && (error.code === "unreachable" || [429, 502, 503, 504].includes(error.status))
  );
}

/** Reads a refusal; never throws itself, whatever stands between client and server may have answered. */
export async function refusal(response: Response): Promise<MillraceError> {
  const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
  const retryAfterMs = Number.isFinite(retryAfter) && retryAfter >= 0 ? { retryAfterMs: retryAfter * 1000 } : {};
  try {
    const problem = (await response.json()) as Problem;
    if (typeof problem.code !== "string") throw new TypeError("not a problem document");
    const { actual } = problem;
    if (problem.code === "unexpected-offset" && typeof actual === "object" && actual !== null) {
      return new ConflictError(problem, actual as Record<string, number>);
    }
    return new MillraceError(problem.code, problem.detail, response.status, { problem, ...retryAfterMs });
  } catch (cause) {
    const message = `the server answered ${response.status} without a problem document`;
    return new MillraceError("unreadable", message, response.status, { cause, ...retryAfterMs });
  }
}
