import type { Holdings } from "../../contract/bin.ts";
import type { Queryable } from "../database.ts";

export const NOTHING_HELD: Holdings = {
  consumers: [],
  topics: [],
  unnamed: 0,
  members: 0,
  followers: 0,
  parked: 0,
  stateEntries: 0,
  events: 0,
  bytes: 0,
};

/** What hangs on a consumer, in one snapshot. */
export async function selectConsumerHoldings(db: Queryable, consumerId: number): Promise<Holdings> {
  const { rows } = await db.query<Pick<Holdings, "topics" | "members" | "parked" | "stateEntries">>({
    name: "select_consumer_holdings",
    text: `
      SELECT
        (SELECT coalesce(array_agg(t.name ORDER BY t.name), '{}') FROM subscription s JOIN topic t ON t.id = s.topic_id
         WHERE s.consumer_id = $1 AND t.removed_at IS NULL) AS topics,
        (SELECT count(*) FROM member m WHERE m.consumer_id = $1 AND m.expires_at >= now()) AS members,
        (SELECT count(*) FROM parked_event p WHERE p.consumer_id = $1)
          + (SELECT count(*) FROM shelved_event v WHERE v.consumer_id = $1) AS parked,
        (SELECT count(*) FROM state_entry e WHERE e.consumer_id = $1) AS "stateEntries"`,
    values: [consumerId],
  });
  return { ...NOTHING_HELD, ...rows[0] };
}

/**
 * Takes a consumer out of everybody's sight. Its name is free at once, its leases are nobody's, under epochs that settle
 * nothing of before, and its operations rest. The consumer and its leases must be locked.
 */
export async function hideConsumer(db: Queryable, consumerId: number): Promise<void> {
  await db.query({
    name: "hide_consumer",
    text: `
      UPDATE consumer SET name = '~' || id, removed_at = now(),
        updated_at = greatest(clock_timestamp(), updated_at + interval '1 ms')
      WHERE id = $1`,
    values: [consumerId],
  });
  await db.query({
    name: "free_removed_leases",
    text: "UPDATE lease SET epoch = epoch + 1, member = NULL, holder = NULL, expires_at = NULL WHERE consumer_id = $1",
    values: [consumerId],
  });
  await db.query({
    name: "rest_operations",
    text: `
      UPDATE operation SET status = 'paused', updated_at = now(), claimed_by = NULL, claimed_until = NULL,
        note = 'its consumer was removed', idle_since = CASE WHEN started_at IS NOT NULL THEN coalesce(idle_since, now()) END
      WHERE consumer_id = $1 AND status IN ('queued', 'running')`,
    values: [consumerId],
  });
}

/** Brings a consumer back, under a name that must be free. */
export async function showConsumer(db: Queryable, consumerId: number, name: string): Promise<void> {
  await db.query({
    name: "show_consumer",
    text: `
      UPDATE consumer SET name = $2, removed_at = NULL,
        updated_at = greatest(clock_timestamp(), updated_at + interval '1 ms')
      WHERE id = $1`,
    values: [consumerId, name],
  });
}
