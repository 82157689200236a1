/** How an event is delivered: with others, with nothing else in flight to its member, or not any more. */
export type DeliveryCare = "together" | "alone" | "never";

/**
 * An event that kills whoever handles it takes down with it what was in flight beside it, and cannot be told from that
 * by counting: so the last of its deliveries is made alone, and only if that one is lost as well is it the culprit.
 *
 * @param lost deliveries of it in a row that ended with the connection of the member
 * @param maxAttempts of the retry policy; one lost delivery never is enough
 */
export function deliveryCare(lost: number, maxAttempts: number): DeliveryCare {
  const limit = Math.max(2, maxAttempts);
  if (lost >= limit) return "never";
  return lost === limit - 1 ? "alone" : "together";
}
