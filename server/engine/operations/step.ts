import { selectCursors } from "../../store/consumers/cursor-table.ts";
import { type ConsumerSetup, selectConsumerSetup } from "../../store/consumers/setup-select.ts";
import { type Database, patientTransaction, type Queryable } from "../../store/database.ts";
import { selectHandled } from "../../store/insight/handled-before-select.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { advanceOperation, type ClaimedOperation } from "../../store/operations/claim.ts";
import { type ReplayRange, selectReplayEvents } from "../../store/operations/replay-events-select.ts";
import { insertReplayRows, type ReplayedEvent } from "../../store/operations/replay-rows.ts";
import type { StoredParkedFilter } from "../../store/parked/filter.ts";
import { mendSequences } from "../../store/parked/sequences-mend.ts";
import { type ChangedRow, discardRows, redriveHeads, restoreRows } from "../../store/parked/verbs.ts";
import { raiseParkedVersion } from "../../store/parked/version-raise.ts";
import { type EventKey, selectEventKeys } from "../../store/topics/event-keys-select.ts";

/** What is stored as an operation's filter: the operator's words, with names resolved when it began. */
export type StoredOperationFilter =
  | { readonly parked: StoredParkedFilter }
  | { readonly replay: Omit<ReplayRange, "filter"> };

export interface StepResult {
  /** Taken up in this step. */
  readonly taken: number;
  /** There is nothing more to take up. */
  readonly isExhausted: boolean;
  /** False: another instance runs it now, or it was paused or aborted meanwhile; nothing was done. */
  readonly isMine: boolean;
}

const NOT_MINE: StepResult = { taken: 0, isExhausted: false, isMine: false };

/** Takes up at most `limit` items, in one transaction under the leases, and notes how far it has come in the same. */
export async function stepOperation(
  database: Database,
  step: { readonly operation: ClaimedOperation; readonly instance: string; readonly limit: number },
): Promise<StepResult> {
  const { operation, limit } = step;
  const setup = await selectConsumerSetup(database.pool, { consumerId: operation.consumerId });
  if (setup === null) return NOT_MINE;
  const stored = operation.filter.resolved as StoredOperationFilter;
  const ahead =
    "replay" in stored
      ? await nextOfReplay(database.patient, { setup, operation, replay: stored.replay, limit })
      : null;
  return patientTransaction(database.pool, async (db) => {
    const { consumerId, id } = operation;
    await lockLeases(db, { consumerId, partitions: "all" });
    // Declared anew while this waited: what is a letter, and what may be replayed, is read again in the next turn.
    if ((await selectConsumerSetup(db, { consumerId }))?.updatedAt !== setup.updatedAt) throw new NotMine();
    const passed = ahead === null ? null : await passedOf(db, consumerId, ahead);
    const replay = passed === null ? null : await wantedOf(db, { setup, passed });
    const changed =
      replay !== null
        ? await insertReplayRows(db, {
            ...(await keptOf(db, replay)),
            consumerId,
            operationId: id,
            attemptsMax: setup.retry.maxAttempts,
            ordering: setup.ordering,
            partitions: setup.partitions,
          })
        : "parked" in stored
          ? await changeParked(db, { operation, filter: stored.parked, limit })
          : [];
    if (operation.kind !== "redrive") await mendSequences(db, { consumerId, sequences: changed });
    if (changed.length > 0) await raiseParkedVersion(db, consumerId);
    const taken = replay?.events.length ?? changed.length;
    const isExhausted = (passed?.events.length ?? taken) < limit;
    const last = passed === null ? changed.at(-1) : lastOf(passed);
    const isMine = await advanceOperation(db, {
      instance: step.instance,
      consumerId,
      id,
      progress: last === undefined ? operation.progress : last,
      isExhausted,
      done: taken,
      // What needs no delivery is carried out with the step; a replayed event that is parked already is left to that.
      ok: replay !== null ? taken - changed.length : operation.kind === "redrive" ? 0 : taken,
    });
    if (!isMine) throw new NotMine();
    return { taken, isExhausted, isMine };
  }).catch((error: unknown) => {
    if (error instanceof NotMine) return NOT_MINE;
    throw error;
  });
}

/** Thrown inside the step's transaction to roll it back. */
class NotMine extends Error {}

function lastOf({ topicId, events }: { readonly topicId: number; readonly events: readonly EventKey[] }) {
  const last = events.at(-1);
  return last === undefined ? undefined : { topicId, offset: last.offset };
}

async function nextOfReplay(
  db: Queryable,
  of: {
    readonly setup: ConsumerSetup;
    readonly operation: ClaimedOperation;
    readonly replay: Omit<ReplayRange, "filter">;
    readonly limit: number;
  },
) {
  const { setup, operation, replay, limit } = of;
  const topic = setup.topics.find((it) => it.topicId === replay.topicId);
  // A topic that the consumer has dropped since has nothing to replay any more.
  if (topic === undefined) return { topicId: replay.topicId, events: [] };
  const after = Math.max(replay.after, operation.progress?.offset ?? 0);
  const range = { ...replay, after, filter: topic.filter };
  return { topicId: replay.topicId, events: await selectReplayEvents(db, range, limit) };
}

/**
 * What of it the position has come past by now: when somebody moved the position back, the flow itself delivers what comes after it, and a
 * row for that would let it be delivered twice.
 */
async function passedOf(
  db: Queryable,
  consumerId: number,
  { topicId, events }: { readonly topicId: number; readonly events: readonly EventKey[] },
) {
  const cursors = (await selectCursors(db, consumerId)).filter((it) => it.topicId === topicId);
  const position = cursors.length === 0 ? 0 : Math.min(...cursors.map((it) => it.position));
  return { topicId, events: events.filter((it) => it.offset <= position) };
}

/** Which of these were handled before; without those of them that must not come again. */
async function wantedOf(
  db: Queryable,
  {
    setup,
    passed,
  }: { setup: ConsumerSetup; passed: { readonly topicId: number; readonly events: readonly EventKey[] } },
): Promise<{ readonly topicId: number; readonly events: readonly ReplayedEvent[] }> {
  const { topicId } = passed;
  const { consumerId, partitions, topics } = setup;
  const handled = (await selectHandled(db, { consumerId, topicIds: [topicId], partitions })).get(topicId);
  const liveOnly = topics.find((it) => it.topicId === topicId)?.liveOnly ?? [];
  const events = passed.events.map((it) => ({ ...it, isReplay: handled?.has(it) ?? false }));
  return { topicId, events: events.filter((it) => !it.isReplay || !liveOnly.includes(it.type)) };
}

/** Without what retention took before the leases were locked: nobody could be given it, and its row would stay for ever. */
async function keptOf(
  db: Queryable,
  { topicId, events }: { readonly topicId: number; readonly events: readonly ReplayedEvent[] },
) {
  const kept = await selectEventKeys(db, { topicId, offsets: events.map((it) => it.offset) });
  return { topicId, events: events.filter((it) => kept.has(it.offset)) };
}

function changeParked(
  db: Queryable,
  of: { readonly operation: ClaimedOperation; readonly filter: StoredParkedFilter; readonly limit: number },
): Promise<ChangedRow[]> {
  const { operation, filter, limit } = of;
  const { consumerId, createdAt, actor, reason } = operation;
  switch (operation.kind) {
    case "redrive":
      return redriveHeads(db, {
        consumerId,
        filter,
        operationId: operation.id,
        after: operation.progress,
        failedBefore: createdAt,
        limit,
      });
    case "discard":
      return discardRows(db, { consumerId, filter, parkedBefore: createdAt, by: actor, reason, limit });
    case "restore":
      return restoreRows(db, { consumerId, filter, discardedBefore: createdAt, limit });
    case "replay":
      return Promise.resolve([]);
  }
}
