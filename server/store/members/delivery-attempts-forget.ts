import type { Queryable } from "../database.ts";

/** Rows that one statement deletes at most. */
const MAX_ROWS = 5_000;

/** Forgets attempts older than 30 days of events that are not parked any more, some at a time. Returns how many. */
export async function forgetOldAttempts(db: Queryable): Promise<number> {
  const { rowCount } = await db.query({
    name: "forget_old_attempts",
    text: `
      DELETE FROM delivery_attempt WHERE ctid = ANY (ARRAY(
        SELECT d.ctid FROM delivery_attempt d
        WHERE d.at < now() - interval '30 days' AND NOT EXISTS (
          SELECT FROM parked_event p
          WHERE p.consumer_id = d.consumer_id AND p.topic_id = d.topic_id AND p."offset" = d."offset")
        AND NOT EXISTS (
          SELECT FROM shelved_event v
          WHERE v.consumer_id = d.consumer_id AND v.topic_id = d.topic_id AND v."offset" = d."offset")
        LIMIT ${MAX_ROWS}))`,
  });
  return rowCount ?? 0;
}
