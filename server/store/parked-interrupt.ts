import { askedRows } from "./asked-rows.ts";
import type { Queryable } from "./database.ts";

/**
 * The delivery of parked events broke off: the next one is an attempt more, and none is lost for it. The leases must be
 * locked, so that nobody claims a partition and delivers them meanwhile; where the rows stand does not change, so their
 * version need not rise.
 */
export async function interruptParked(
  db: Queryable,
  {
    consumerId,
    deliveries,
  }: {
    readonly consumerId: number;
    readonly deliveries: readonly { readonly topicId: number; readonly offset: number; readonly attempt: number }[];
  },
): Promise<void> {
  if (deliveries.length === 0) return;
  await db.query({
    name: "interrupt_parked",
    text: `
      UPDATE parked_event p SET attempt = p.attempt + 1, attempts_max = p.attempts_max + 1
      FROM ${askedRows("consumer_id", "$2::int[], $3::bigint[], $4::int[]", 'topic_id, "offset", attempt')} d
      WHERE p.consumer_id = d.consumer_id AND p.topic_id = d.topic_id AND p."offset" = d."offset" AND p.state = 'retrying'
        AND p.attempt = d.attempt - 1`,
    values: [
      consumerId,
      deliveries.map((it) => it.topicId),
      deliveries.map((it) => it.offset),
      deliveries.map((it) => it.attempt),
    ],
  });
}
