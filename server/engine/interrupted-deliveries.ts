import type { NewDeliveryAttempt } from "../store/delivery-attempts-insert.ts";
import type { MemberStream } from "./member-stream.ts";
import { storedError } from "./stored-error.ts";

const MAX_INTERRUPTED = 1_000;

/** The attempts that end with the connection of a member: no failures, but the next delivery is not the first. */
export function interruptedOf(stream: MemberStream): NewDeliveryAttempt[] {
  const error = storedError({ name: "ConnectionLost", message: "the member's connection ended during the delivery" });
  return [...stream.held.values()]
    .flatMap((held) => [...held.inFlightDeliveries()])
    .slice(0, MAX_INTERRUPTED)
    .map((it) => ({ ...it, member: stream.member, outcome: "interrupted" as const, error }));
}
