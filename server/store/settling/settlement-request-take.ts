import type { Queryable } from "../database.ts";
import type { SettlementRequestRow } from "./settlement-request-insert.ts";

/** Takes rows addressed to an instance out of the table, the oldest first: each is seen once. */
export async function takeSettlementRequests(
  db: Queryable,
  { holder, limit }: { readonly holder: string; readonly limit: number },
): Promise<Omit<SettlementRequestRow, "holder">[]> {
  const { rows } = await db.query<Omit<SettlementRequestRow, "holder">>({
    name: "take_settlement_requests",
    text: `
      WITH mine AS MATERIALIZED (
        SELECT consumer_id, id FROM settlement_request WHERE holder = $1 ORDER BY created_at LIMIT $2
      )
      DELETE FROM settlement_request r USING mine
      WHERE r.consumer_id = mine.consumer_id AND r.id = mine.id
      RETURNING r.consumer_id AS "consumerId", r.id, r.asker, r.body`,
    values: [holder, limit],
  });
  return rows;
}
