import type { PlannedChange, PositionChange } from "../../contract/position-changes.ts";
import { coveredByNone } from "../../domain/coverage.ts";
import { DomainError } from "../../domain/errors.ts";
import { type RestorePoint, restoreCursors, type SavedLayout } from "../../domain/restore-point.ts";
import { consumerChannel, parkedChannel } from "../../engine/partitions/consumer-channels.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { type StoredCursor, selectCursors } from "../../store/consumers/cursor-table.ts";
import { lockConsumer } from "../../store/consumers/lock.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import { selectTopicPlaces } from "../../store/consumers/subscription-topics.ts";
import { type Database, patientTransaction, type Queryable } from "../../store/database.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { selectLastPositionChange } from "../../store/positions/change-last.ts";
import { markUndone, selectPositionChange } from "../../store/positions/change-table.ts";
import { priorLayoutOf } from "../../store/positions/layouts.ts";
import { selectPlanFacts } from "../../store/positions/plan-facts.ts";
import { insertExpired, selectParkedInRange } from "../../store/topics/retention-step.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import { restoreParkedAndState } from "../parked/restore-parked.ts";
import type { Services } from "../services.ts";
import { topicCursorsOf } from "./compute-position-plan.ts";
import { lowestPosition, measureMove } from "./measure-move.ts";
import { movePositions } from "./move-positions.ts";

interface Deps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

/**
 * Puts a position change's restore point back, by the same path that changes take: epochs rise, members are told to
 * begin anew, and the undo is a change with a restore point of its own, so that undoing it does the change again. Only
 * the newest change can be undone: below a later one it would not lead back.
 *
 * Positions become exactly what they were; `restoreCursors` says what happens to what was settled since, and in another
 * layout. Parked events and state entries are replaced by the saved ones if the change had cleared or redriven them,
 * whatever was parked or written since. If it kept the parked events, they stay as they are now, but for what its rerun
 * has done to them (`takeBackRerun`). Topics that the consumer has dropped are left out.
 */
export const undoPositionChange =
  ({ database, wakeups }: Deps): Services["undoPositionChange"] =>
  async ({ consumer, id, reason, actor }) => {
    const { consumerId } = await requireConsumer(database.pool, consumer);
    const change = await patientTransaction(database.pool, async (db) => {
      await lockConsumer(db, consumer);
      const undone = await selectPositionChange(db, { consumerId, id });
      if (undone === null) throw new DomainError("position-change-not-found", `there is no position change ${id}`);
      await refuseUnlessNewest(db, { consumerId, change: undone.change });
      await lockLeases(db, { consumerId, partitions: "all" });
      const setup = await requireConsumer(db, consumer);
      const restored = await restore(db, { setup, point: undone.restore });
      const topicIds = restored.map((it) => it.topicId);
      const facts = await selectPlanFacts(db, { consumerId, topicIds });
      const changes = restored.map((it) => it.change);
      const undoId = crypto.randomUUID();
      const { target, parked, state } = undone.change;
      const made = await movePositions(db, {
        setup,
        id: undoId,
        target,
        changes,
        parked,
        state,
        undoOf: id,
        before: restored.flatMap((it) => it.before),
        after: restored.flatMap((it) => it.after),
        keepLayouts: () => restored.flatMap((it) => it.priorLayouts),
        touch: () =>
          restoreParkedAndState(db, { consumerId, from: id, changeId: undoId, topicIds, point: undone.restore, setup }),
        actor: actor.name,
        reason,
      });
      await noteExpired(db, { consumerId, restored });
      await markUndone(db, { consumerId, id, undoneBy: undoId });
      await insertAuditEntry(db, {
        actor: actor.name,
        action: "consumer.position-change-undone",
        target: `consumer:${consumer}`,
        before: {
          positions: changes.map(({ topic, from }) => ({ topic, position: from })),
          parked: facts.parked,
          stateEntries: facts.stateEntries,
        },
        after: {
          change: undoId,
          undoOf: id,
          positions: changes.map(({ topic, to }) => ({ topic, position: to })),
          parked: undone.restore.parked === "none" ? "kept" : "restored",
          state: undone.restore.state ? "restored" : "kept",
        },
        reason,
        requestId: actor.requestId,
      });
      return made;
    });
    wakeups.announce(consumerChannel(consumerId));
    wakeups.announce(parkedChannel(consumerId));
    return change;
  };

async function refuseUnlessNewest(
  db: Queryable,
  { consumerId, change }: { readonly consumerId: number; readonly change: PositionChange },
): Promise<void> {
  const newest = await selectLastPositionChange(db, consumerId);
  if (newest === change.id) return;
  const why = change.undoneBy === null ? "a later change stands on this one" : "this change was undone";
  throw new DomainError("already-undone", `${why}; the newest is ${newest}, and only that one can be undone`, {
    facts: { newest, undoneBy: change.undoneBy },
  });
}

interface RestoredTopic {
  readonly topicId: number;
  readonly change: PlannedChange;
  readonly before: readonly StoredCursor[];
  readonly after: readonly StoredCursor[];
  readonly priorLayouts: readonly SavedLayout[];
}

/** What becomes of each topic that the consumer still has. */
async function restore(
  db: Queryable,
  { setup, point }: { readonly setup: ConsumerSetup; readonly point: RestorePoint },
): Promise<RestoredTopic[]> {
  const cursors = await selectCursors(db, setup.consumerId);
  const restored: RestoredTopic[] = [];
  for (const subscribed of setup.topics) {
    const { topicId } = subscribed;
    if (!point.cursors.some((it) => it.topicId === topicId)) continue;
    const at = topicCursorsOf(setup, subscribed, cursors);
    const { layout, partitions } = setup;
    const put = restoreCursors(point, { topicId, layout, partitions, cursors: at.cursors });
    const after = put.cursors.map((it) => ({ ...it, topicId }));
    const priorLayouts = point.priorLayouts.filter((it) => it.topicId === topicId);
    restored.push({
      topicId,
      change: await measureMove(db, at, { to: lowestPosition(after), parked: "keep" }),
      before: at.cursors,
      after,
      priorLayouts: put.priorLayout === null ? priorLayouts : [...priorLayouts, savedLayout(put.priorLayout)],
    });
  }
  if (restored.length > 0) return restored;
  throw new DomainError(
    "position-change-not-found",
    "the consumer has none of the topics any more that this change moved",
  );
}

/**
 * Retention keeps to the positions as they are, so it may have gone past what a skip had left: put back below the tail, it
 * cannot be delivered any more, and nothing but this would tell it from settled once the flow has gone on. Whose it was is
 * not known any more, so what any partition covers counts as covered.
 */
async function noteExpired(
  db: Queryable,
  { consumerId, restored }: { readonly consumerId: number; readonly restored: readonly RestoredTopic[] },
): Promise<void> {
  const places = await selectTopicPlaces(
    db,
    restored.map((it) => it.change.topic),
  );
  for (const { topicId, change, after, priorLayouts } of restored) {
    const range = [change.to + 1, (places.get(change.topic)?.tail ?? 1) - 1] as const;
    if (range[1] < range[0]) continue;
    const parked = await selectParkedInRange(db, { topicId, consumerIds: [consumerId], range });
    const cursors = [...after, ...priorLayouts.flatMap((it) => [...priorLayoutOf(it).cursors.values()])];
    const offsets = coveredByNone(
      range,
      cursors,
      parked.map((it) => it.offset),
    );
    await insertExpired(db, { consumerId, topicId, offsets });
  }
}

function savedLayout({
  cursors,
  ...layout
}: NonNullable<ReturnType<typeof restoreCursors>["priorLayout"]>): SavedLayout {
  return {
    ...layout,
    cursors: [...cursors].map(([partition, { position, settled }]) => ({ partition, position, settled: [...settled] })),
  };
}
