import type { RestorePoint } from "../domain/restore-point.ts";
import type { Queryable } from "../store/database.ts";
import { mendSequences } from "../store/parked-sequences-mend.ts";
import { clearParked, restoreParked, saveParked } from "../store/position-saved-parked.ts";
import { clearState, restoreState, saveState } from "../store/position-saved-state.ts";

export interface Restoring {
  readonly consumerId: number;
  /** The change whose saved rows are put back. */
  readonly from: string;
  /** The undo, under which what stands now is saved. */
  readonly changeId: string;
  readonly topicIds: readonly number[];
  readonly saved: Pick<RestorePoint, "parked" | "state">;
}

/**
 * Puts parked events and state entries back as they were before a change, and saves those of now: all of them, because
 * an undo of the undo has to take away again what was put back. The leases must be locked.
 */
export async function restoreParkedAndState(
  db: Queryable,
  { consumerId, from, changeId, topicIds, saved }: Restoring,
): Promise<Pick<RestorePoint, "parked" | "state">> {
  if (saved.parked !== "none") {
    await saveParked(db, { consumerId, changeId, topicIds });
    if (saved.parked === "all") await clearParked(db, { consumerId, topicIds });
    const sequences = await restoreParked(db, { consumerId, changeId: from, topicIds });
    await mendSequences(db, { consumerId, sequences });
  }
  if (saved.state) {
    await saveState(db, { consumerId, changeId });
    await clearState(db, consumerId);
    await restoreState(db, { consumerId, changeId: from });
  }
  return { parked: saved.parked === "none" ? "none" : "all", state: saved.state };
}
