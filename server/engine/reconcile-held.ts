import { selectHeldCursors } from "../store/cursor-held-select.ts";
import type { Queryable } from "../store/database.ts";
import type { HeldPartition } from "./held-partition.ts";

/** Takes over what the database counts: the answer to a commit may be lost, and the deliveries be in flight here still. */
export async function reconcileHeld(db: Queryable, consumerId: number, all: readonly HeldPartition[]): Promise<void> {
  const rows = await selectHeldCursors(db, { consumerId, partitions: all.map((it) => it.partition) });
  const byPartition = new Map(rows.map((row) => [row.partition, row]));
  for (const { partition, epoch, trackers } of all) {
    const row = byPartition.get(partition);
    if (row?.epoch !== epoch) continue;
    for (const [topicId, tracker] of trackers) {
      const cursor = row.cursors.get(topicId);
      if (cursor !== undefined) tracker.reconcile(cursor);
    }
  }
}
