import type { Queryable } from "./database.ts";

/** Settlements of one consumer that another instance has to decide. */
export interface SettlementRequestRow {
  readonly consumerId: number;
  readonly id: string;
  /** The instance that holds the partitions. */
  readonly holder: string;
  /** The instance whose callers wait for the answer. */
  readonly asker: string;
  readonly body: string;
}

export async function insertSettlementRequest(db: Queryable, row: SettlementRequestRow): Promise<void> {
  await db.query({
    name: "insert_settlement_request",
    text: `
      INSERT INTO settlement_request (consumer_id, id, holder, asker, body) VALUES ($1, $2, $3, $4, $5)`,
    values: [row.consumerId, row.id, row.holder, row.asker, row.body],
  });
}
