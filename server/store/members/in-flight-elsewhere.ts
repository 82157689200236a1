import type { Queryable } from "../database.ts";
import type { NotedInFlight } from "./session-adopt.ts";

export interface DeliveryElsewhere {
  readonly topicId: number;
  readonly partition: number;
  readonly offset: number;
  /** Not known here. */
  readonly attempt: null;
  readonly member: string;
}

/** Of one consumer at most: an account names so many, and counts the rest as pending. */
const MAX_NAMED = 20_000;

/** Deliveries in flight to members of other instances, as of their last heartbeat. */
export async function selectInFlightElsewhere(
  db: Queryable,
  of: { readonly consumerId: number; readonly instance: string },
): Promise<DeliveryElsewhere[]> {
  const { rows } = await db.query<{ partition: number; member: string; in_flight: NotedInFlight }>({
    name: "select_in_flight_elsewhere",
    text: `
      SELECT partition, member, in_flight FROM lease
      WHERE consumer_id = $1 AND holder <> $2 AND member IS NOT NULL AND in_flight IS NOT NULL AND expires_at >= now()`,
    values: [of.consumerId, of.instance],
  });
  const found: DeliveryElsewhere[] = [];
  for (const { partition, member, in_flight: inFlight } of rows) {
    for (const [topicId, { ranges }] of Object.entries(inFlight)) {
      for (const [from, to] of ranges) {
        for (let offset = from; offset <= to && found.length < MAX_NAMED; offset++) {
          found.push({ topicId: Number(topicId), partition, offset, attempt: null, member });
        }
      }
    }
  }
  return found;
}
