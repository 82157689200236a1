import { settledChannel } from "../../engine/consumer-channels.ts";
import type { Instance } from "../../engine/testing/consumer-rig.ts";
import { transaction } from "../../store/database.ts";
import { lockLeases } from "../../store/lease-lock.ts";
import { mendSequences } from "../../store/parked-sequences-mend.ts";
import { raiseParkedVersion } from "../../store/parked-version-raise.ts";

const CHANGES = {
  /** The time of every retry has come. */
  time: `UPDATE parked_event SET due_at = now() WHERE consumer_id = $1 AND state = 'retrying'`,
  /** Every dead head is delivered once more. */
  redrive: `UPDATE parked_event SET state = 'retrying', due_at = now(), attempts_max = attempt + 1
            WHERE consumer_id = $1 AND state = 'dead'`,
  /** A dead head is discarded. */
  discard: `UPDATE parked_event SET state = 'discarded', due_at = NULL, discarded_by = 'model', discarded_at = now(),
              discard_reason = 'unwanted'
            WHERE consumer_id = $1 AND state = 'dead' AND "offset" = $2`,
};

/** Changes parked events as operators' verbs do: under the leases' lock, mended, with the version raised and announced. */
export async function changeParked(
  instance: Instance,
  consumer: string,
  change: { readonly kind: keyof typeof CHANGES; readonly offset?: number },
): Promise<number> {
  const { pool } = instance.database;
  const { rows } = await pool.query<{ id: number }>("SELECT id FROM consumer WHERE name = $1", [consumer]);
  const consumerId = rows[0]?.id ?? 0;
  const changed = await transaction(pool, async (db) => {
    await lockLeases(db, { consumerId, partitions: "all" });
    const { rows: touched } = await db.query<{ topicId: number; sequence: string }>(
      `${CHANGES[change.kind]} RETURNING topic_id AS "topicId", sequence`,
      change.offset === undefined ? [consumerId] : [consumerId, change.offset],
    );
    await mendSequences(db, { consumerId, sequences: touched });
    await raiseParkedVersion(db, consumerId);
    return touched.length;
  });
  instance.wakeups.announce(settledChannel(consumerId));
  return changed;
}
