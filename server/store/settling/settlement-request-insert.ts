import type { Queryable } from "../database.ts";
import { CHANNEL, wakeUpPayload } from "../wake-up-channel.ts";

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

/**
 * Wakes the holder in the same statement: the caller waits for both, and the commit of a row without a log is short, so
 * that NOTIFY's lock on it is as well.
 */
export async function insertSettlementRequest(
  db: Queryable,
  { channel, ...row }: SettlementRequestRow & { readonly channel: string },
): Promise<void> {
  await db.query({
    name: "insert_settlement_request",
    text: `
      WITH asked AS (
        INSERT INTO settlement_request (consumer_id, id, holder, asker, body) VALUES ($1, $2, $3, $4, $5)
      )
      SELECT pg_notify('${CHANNEL}', $6)`,
    values: [row.consumerId, row.id, row.holder, row.asker, row.body, wakeUpPayload(row.asker, channel)],
  });
}
