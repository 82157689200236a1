import type { Queryable } from "../database.ts";

/** Deletes requests that no holder took, and answers that no asker waits for any more. */
export async function sweepSettlementInbox(db: Queryable, olderThanMs: number): Promise<void> {
  await db.query({
    name: "sweep_settlement_inbox",
    text: `
      WITH unanswered AS (DELETE FROM settlement_request WHERE created_at < now() - $1 * interval '1 ms')
      DELETE FROM settlement_answer WHERE created_at < now() - $1 * interval '1 ms'`,
    values: [olderThanMs],
  });
}
