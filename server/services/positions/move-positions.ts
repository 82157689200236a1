import type { PlannedChange, PositionChange, PositionTarget } from "../../contract/position-changes.ts";
import { type RestorePoint, type SavedLayout, savedCursor } from "../../domain/restore-point.ts";
import { replaceCursors, type StoredCursor } from "../../store/consumers/cursor-table.ts";
import { touchConsumer } from "../../store/consumers/lock.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Queryable } from "../../store/database.ts";
import { noteCleared, selectWaitingOffsets } from "../../store/insight/cleared-events.ts";
import { beginStretch } from "../../store/insight/stretch-begin.ts";
import { raiseEpochs } from "../../store/members/lease-table.ts";
import { raiseParkedVersion } from "../../store/parked/version-raise.ts";
import { insertPositionChange } from "../../store/positions/change-table.ts";
import {
  deletePriorLayouts,
  insertPriorLayout,
  priorLayoutOf,
  selectPriorLayouts,
} from "../../store/positions/layouts.ts";
import { dropSavedRows } from "../../store/positions/saved-drop.ts";
import { closeStretch } from "./close-stretch.ts";

export interface PositionMove {
  readonly setup: ConsumerSetup;
  /** Of the change. */
  readonly id: string;
  readonly target: PositionTarget;
  readonly changes: readonly PlannedChange[];
  readonly parked: PositionChange["parked"];
  readonly state: PositionChange["state"];
  readonly undoOf: string | null;
  /** The cursors of the topics that move, as they are. */
  readonly before: readonly StoredCursor[];
  /** The same cursors, as they are to be. */
  readonly after: readonly StoredCursor[];
  /** The earlier layouts that the topics are to have, given those they have. */
  readonly keepLayouts: (before: readonly SavedLayout[]) => readonly SavedLayout[];
  /** Does to parked events and state entries what is asked for; says what it saved under the change's id. */
  readonly touch: () => Promise<Pick<RestorePoint, "parked" | "state">>;
  readonly actor: string;
  readonly reason: string;
}

/**
 * The one way in which positions are moved, by a plan and by an undo alike. Consumer and leases must be locked, in this
 * order. Epochs rise, so that nothing in flight settles any more and members are told to begin anew; what was there is
 * kept as the restore point of this change, and those of earlier ones are let go.
 */
export async function movePositions(db: Queryable, move: PositionMove): Promise<PositionChange> {
  const { setup, id, before, after } = move;
  const { consumerId } = setup;
  const topicIds = [...new Set(before.map((it) => it.topicId))];
  await raiseEpochs(db, consumerId);
  const stretch = { consumerId, topicIds, partitions: setup.partitions };
  await closeStretch(db, stretch);
  const layouts = await selectPriorLayouts(db, consumerId, topicIds);
  const kept = move.keepLayouts(layouts);
  if (kept !== layouts) {
    await deletePriorLayouts(db, consumerId, topicIds);
    for (const layout of kept) await insertPriorLayout(db, consumerId, priorLayoutOf(layout));
  }
  // Even when there are none: another instance may still know one that was forgotten since, and would hide by it what
  // is to be delivered again.
  await touchConsumer(db, consumerId);
  await replaceCursors(db, consumerId, after);
  const waiting = await selectWaitingOffsets(db, { consumerId, topicIds });
  const touched = await move.touch();
  if (touched.parked !== "none") await raiseParkedVersion(db, consumerId);
  await noteCleared(db, { consumerId, changeId: id, before: waiting });
  await beginStretch(db, stretch);
  await dropSavedRows(db, { consumerId, exceptOf: id });
  return insertPositionChange(db, {
    ...move,
    consumerId,
    restore: {
      layout: setup.layout,
      partitions: setup.partitions,
      cursors: before.map(savedCursor),
      after: after.map(savedCursor),
      priorLayouts: layouts,
      filters: setup.topics
        .filter((it) => topicIds.includes(it.topicId))
        .map(({ topicId, filter }) => ({ topicId, filter })),
      ...touched,
    },
  });
}
