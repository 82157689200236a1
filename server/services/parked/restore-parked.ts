import type { RestorePoint } from "../../domain/restore-point.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Queryable } from "../../store/database.ts";
import { mendSequences } from "../../store/parked/sequences-mend.ts";
import { nameSequences } from "../../store/parked/sequences-name.ts";
import { replaceParked, takeBackRerun } from "../../store/positions/restore-parked.ts";
import { clearParked, saveParked } from "../../store/positions/saved-parked.ts";
import { clearState, restoreState, saveState } from "../../store/positions/saved-state.ts";
import { markRestored } from "./mark-restored.ts";

export interface Restoring {
  readonly consumerId: number;
  /** The change whose saved rows are put back. */
  readonly from: string;
  /** The undo, under which what stands now is saved. */
  readonly changeId: string;
  readonly topicIds: readonly number[];
  readonly point: RestorePoint;
  /** As it is now: its order, or its partitions, may have been others then. */
  readonly setup: Pick<ConsumerSetup, "consumerId" | "ordering" | "partitions" | "topics">;
}

/**
 * Puts parked events and state entries back as they were before a change, and saves those of now: an undo of the undo
 * puts back exactly these. The leases must be locked.
 */
export async function restoreParkedAndState(
  db: Queryable,
  { consumerId, from, changeId, topicIds, point, setup }: Restoring,
): Promise<Pick<RestorePoint, "parked" | "state">> {
  const saved = { consumerId, changeId: from, topicIds };
  if (point.parked !== "none") await saveParked(db, { consumerId, changeId, topicIds });
  if (point.parked === "replaced") {
    await clearParked(db, { consumerId, topicIds });
    await mendSequences(db, { consumerId, sequences: await replaceParked(db, saved) });
  } else if (point.parked === "kept") {
    await mendSequences(db, { consumerId, sequences: await takeBackRerun(db, { ...saved, point }) });
  }
  if (point.parked !== "none") {
    const { ordering, partitions } = setup;
    await mendSequences(db, { consumerId, sequences: await nameSequences(db, { consumerId, ordering, partitions }) });
    await markRestored(db, { topicIds, setup });
  }
  if (point.state) {
    await saveState(db, { consumerId, changeId });
    await clearState(db, consumerId);
    await restoreState(db, { consumerId, changeId: from });
  }
  return { parked: point.parked === "none" ? "none" : "replaced", state: point.state };
}
