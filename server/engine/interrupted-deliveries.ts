import type { NewDeliveryAttempt } from "../store/delivery-attempts-insert.ts";
import { CONNECTION_LOST } from "../store/delivery-attempts-select.ts";
import type { EndReason } from "./frame-sink.ts";
import type { MemberStream } from "./member-stream.ts";
import { storedError } from "./stored-error.ts";

const MAX_INTERRUPTED = 1_000;

/** The attempts that end with the connection of a member: no failures, but the next delivery is not the first. */
export function interruptedOf(stream: MemberStream, reason: EndReason): NewDeliveryAttempt[] {
  const error = storedError(
    reason === "shutting-down"
      ? { name: "ServerStopped", message: "the server stopped during the delivery" }
      : { name: CONNECTION_LOST, message: "the member's connection ended during the delivery" },
  );
  return [...stream.held.values()]
    .flatMap((held) => [...held.inFlightDeliveries()])
    .slice(0, MAX_INTERRUPTED)
    .map((it) => ({ ...it, member: stream.member, outcome: "interrupted" as const, error }));
}
