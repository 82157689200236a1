import { PermanentError, RetryLater, SkipEvent } from "./handler-errors.ts";
import type { DeliveryError } from "./wire.ts";

/** The answer to a delivery whose handler threw. */
export type Verdict =
  | { readonly outcome: "retry"; readonly error: DeliveryError; readonly delayMs?: number }
  | { readonly outcome: "dead-letter"; readonly error: DeliveryError }
  | { readonly outcome: "skip"; readonly reason: string };

/** The server's bounds, so that what it would cut does not travel. */
const MAX_NAME = 256;
const MAX_MESSAGE = 4_000;
const MAX_STACK = 16_000;
const MAX_REASON = 1_000;
const MAX_DELAY_MS = 604_800_000;

export function verdictOf(thrown: unknown): Verdict {
  if (thrown instanceof SkipEvent) return { outcome: "skip", reason: text(thrown.reason.trim(), MAX_REASON) };
  const error = describeError(thrown);
  if (thrown instanceof PermanentError) return { outcome: "dead-letter", error };
  if (!(thrown instanceof RetryLater)) return { outcome: "retry", error };
  return { outcome: "retry", error, delayMs: Math.min(Math.round(thrown.delayMs), MAX_DELAY_MS) };
}

/** Whatever was thrown, as the operator will read it; its causes stand below its stack. */
function describeError(thrown: unknown): DeliveryError {
  if (!(thrown instanceof Error)) return { name: "NonError", message: text(thrown, MAX_MESSAGE) };
  const { name, message } = thrown;
  return {
    name: text(name, MAX_NAME) || "Error",
    message: text(message, MAX_MESSAGE),
    stack: text(withCauses(thrown), MAX_STACK),
  };
}

function withCauses(error: Error): string {
  let stack = error.stack ?? "";
  // A chain of causes may be a ring.
  for (let { cause } = error, depth = 0; cause !== undefined && depth < 5; depth++) {
    stack += `\nCaused by: ${text(cause instanceof Error ? (cause.stack ?? cause) : cause, MAX_STACK)}`;
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return stack;
}

/** Telling of an error must not fail: its `toString` may throw, and PostgreSQL stores neither NUL nor half a pair. */
function text(value: unknown, maxCharacters: number): string {
  try {
    return String(value)
      .slice(0, maxCharacters)
      .replace(/[\p{Surrogate}\0]/gu, "\u{FFFD}");
  } catch {
    return "(could not be written as text)";
  }
}
