import { backoffMs } from "./backoff.ts";

/** What becomes of an event whose handler failed. */
export type AfterFailure =
  /** Run the handler again here, while the server is told that the event is still being worked on. */
  | { readonly action: "again"; readonly inMs: number }
  /** Give the connection up: the event, and all that is unsettled, is delivered again, perhaps to another member. */
  | { readonly action: "reconnect" };

/** The event is never acked by a failure, and no later event of its key starts before it succeeded. */
export function afterFailure(failures: number, maxAttempts: number): AfterFailure {
  if (failures >= maxAttempts) return { action: "reconnect" };
  return { action: "again", inMs: backoffMs(failures, 250, 15_000) };
}
