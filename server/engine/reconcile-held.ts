import { selectHeldCursors } from "../store/cursor-held-select.ts";
import type { Queryable } from "../store/database.ts";
import type { HeldPartition } from "./held-partition.ts";

/**
 * Takes over what was settled at other instances: deliveries in flight here that the database already counts. Returns
 * whether parked events have changed as well.
 */
export async function reconcileHeld(
  db: Queryable,
  consumerId: number,
  {
    all,
    now,
  }: {
    readonly all: readonly HeldPartition[];
    /** Monotonic milliseconds. */
    readonly now: number;
  },
): Promise<{ isParkedChanged: boolean }> {
  if (all.length === 0) return { isParkedChanged: false };
  const rows = await selectHeldCursors(db, { consumerId, partitions: all.map((it) => it.partition) });
  const byPartition = new Map(rows.map((row) => [row.partition, row]));
  let isParkedChanged = false;
  for (const held of all) {
    const { partition, epoch, trackers, parked } = held;
    const row = byPartition.get(partition);
    if (row?.epoch !== epoch) continue;
    if (row.parkedVersion !== parked.version) isParkedChanged = true;
    for (const [topicId, tracker] of trackers) {
      const cursor = row.cursors.get(topicId);
      // Somebody settles what the member has: it is not silent, it speaks elsewhere.
      if (cursor !== undefined && tracker.reconcile(cursor) > 0) held.heardAt = now;
    }
  }
  return { isParkedChanged };
}
