import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Queryable } from "../../store/database.ts";
import { selectHandledBefore } from "../../store/insight/handled-before-select.ts";
import { dropParkedHandled, markParkedHandled, selectParkedPassed } from "../../store/parked/handled.ts";
import { mendSequences } from "../../store/parked/sequences-mend.ts";

/**
 * Parked events that an undo has put back may have been handled since they were saved: what is delivered of them is a
 * replay, and of `liveOnly` types they do not come again. The leases must be locked, and the stretch have ended.
 */
export async function markRestored(
  db: Queryable,
  of: {
    readonly topicIds: readonly number[];
    readonly setup: Pick<ConsumerSetup, "consumerId" | "partitions" | "topics">;
  },
): Promise<void> {
  const { topicIds, setup } = of;
  const { consumerId, partitions: layoutPartitions } = setup;
  const passed = await selectParkedPassed(db, { consumerId, topicIds });
  if (passed.length === 0) return;
  const partitions = Array.from({ length: layoutPartitions }, (_, partition) => partition);
  const handled = await selectHandledBefore(db, { consumerId, partitions, layoutPartitions });
  for (const { topicId, liveOnly } of setup.topics) {
    const own = passed.filter((it) => it.topicId === topicId && handled.get(topicId)?.has(it) === true);
    if (own.length === 0) continue;
    const offsets = (isSpared: boolean) =>
      own.filter((it) => liveOnly.includes(it.type) === isSpared).map((it) => it.offset);
    await markParkedHandled(db, { consumerId, topicId, offsets: offsets(false) });
    const sequences = await dropParkedHandled(db, { consumerId, topicId, offsets: offsets(true) });
    await mendSequences(db, { consumerId, sequences });
  }
}
