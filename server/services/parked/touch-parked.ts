import type { PositionPlanRequest } from "../../contract/position-changes.ts";
import type { RestorePoint } from "../../domain/restore-point.ts";
import type { Queryable } from "../../store/database.ts";
import { mendSequences } from "../../store/parked/sequences-mend.ts";
import { clearPlannedParked, dropRerun, redriveDead, saveParked } from "../../store/positions/saved-parked.ts";
import { clearState, saveState } from "../../store/positions/saved-state.ts";

export interface Touch {
  readonly consumerId: number;
  /** Of the change, which is that of its plan. */
  readonly changeId: string;
  readonly parked: NonNullable<PositionPlanRequest["parked"]>;
  readonly state: NonNullable<PositionPlanRequest["state"]>;
  readonly topicIds: readonly number[];
  /** Offsets that are delivered again. */
  readonly reruns: readonly { readonly topicId: number; readonly after: number; readonly through: number }[];
}

/**
 * What a plan does to parked events and state, after saving what it changes. `keep` leaves parked events alone but for
 * the discarded ones inside what runs again, which the operator asks for too, and what a replay has put there. It saves them all the same when anything
 * runs again, because what fails or waits then mixes with them. `redrive` sends the dead letters on as well. The leases
 * must be locked.
 */
export async function touchParkedAndState(
  db: Queryable,
  { parked, state, topicIds, reruns, ...change }: Touch,
): Promise<Pick<RestorePoint, "parked" | "state">> {
  return { parked: await touchParked(), state: await touchState() };

  async function touchParked(): Promise<RestorePoint["parked"]> {
    if (parked === "keep" && reruns.length === 0) return "none";
    await saveParked(db, { ...change, topicIds });
    if (parked === "clear") {
      const { consumerId, changeId: planId } = change;
      const sequences = await clearPlannedParked(db, { consumerId, planId, topicIds, reruns });
      await mendSequences(db, { consumerId, sequences });
      return "replaced";
    }
    const { consumerId } = change;
    if (reruns.length > 0) {
      await mendSequences(db, { consumerId, sequences: await dropRerun(db, { consumerId, reruns }) });
    }
    if (parked === "keep") return "kept";
    await redriveDead(db, { ...change, topicIds });
    return "replaced";
  }

  async function touchState(): Promise<boolean> {
    if (state === "keep" || (await saveState(db, change)) === 0) return false;
    await clearState(db, change.consumerId);
    return true;
  }
}
