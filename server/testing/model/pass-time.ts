import { parkedChannel } from "../../engine/partitions/consumer-channels.ts";
import type { Instance } from "../../engine/testing/consumer-rig.ts";
import { transaction } from "../../store/database.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { raiseParkedVersion } from "../../store/parked/version-raise.ts";

/** The time of every retry of a consumer has come: the clock cannot be moved, so the times are. */
export async function passTime(instance: Instance, consumer: string): Promise<void> {
  const { pool } = instance.database;
  const { rows } = await pool.query<{ id: number }>("SELECT id FROM consumer WHERE name = $1", [consumer]);
  const consumerId = rows[0]?.id ?? 0;
  await transaction(pool, async (db) => {
    await lockLeases(db, { consumerId, partitions: "all" });
    await db.query("UPDATE parked_event SET due_at = now() WHERE consumer_id = $1 AND state = 'retrying'", [
      consumerId,
    ]);
    await raiseParkedVersion(db, consumerId);
  });
  instance.wakeups.announce(parkedChannel(consumerId));
}
