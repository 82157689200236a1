import { selectHeldCursors } from "../store/cursor-held-select.ts";
import type { Queryable } from "../store/database.ts";
import type { HeldPartition } from "./held-partition.ts";

/** Takes over what was settled at other instances: deliveries in flight here that the database already counts. */
export async function reconcileHeld(db: Queryable, consumerId: number, all: readonly HeldPartition[]): Promise<void> {
  const held = all.filter((it) => it.inFlight > 0);
  if (held.length === 0) return;
  const rows = await selectHeldCursors(db, { consumerId, partitions: held.map((it) => it.partition) });
  const byPartition = new Map(rows.map((row) => [row.partition, row]));
  for (const { partition, epoch, trackers } of held) {
    const row = byPartition.get(partition);
    if (row?.epoch !== epoch) continue;
    for (const [topicId, tracker] of trackers) {
      const cursor = row.cursors.get(topicId);
      if (cursor !== undefined) tracker.reconcile(cursor);
    }
  }
}
