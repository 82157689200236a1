import type { Actor } from "../../domain/actor.ts";
import type { ConsumerSettings } from "../../domain/consumer-settings.ts";
import { DomainError } from "../../domain/errors.ts";
import { relayout } from "../../domain/layout.ts";
import { OffsetRanges } from "../../domain/offset-ranges.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { copyBeginnings, copyHandled, copyParked, copyState, setLayout } from "../../store/consumers/copy.ts";
import { replaceCursors, type StoredCursor, selectCursors } from "../../store/consumers/cursor-table.ts";
import { type LockedConsumer, lockConsumer } from "../../store/consumers/lock.ts";
import { selectSubscriptions } from "../../store/consumers/subscription-topics.ts";
import type { Queryable } from "../../store/database.ts";
import { beginStretch } from "../../store/insight/stretch-begin.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { mendSequences } from "../../store/parked/sequences-mend.ts";
import { nameSequences } from "../../store/parked/sequences-name.ts";
import { raiseParkedVersion } from "../../store/parked/version-raise.ts";
import { insertPriorLayout, priorLayoutOf, selectPriorLayouts } from "../../store/positions/layouts.ts";
import { settingsOf } from "../consumers/consumer-settings.ts";
import { closeStretch } from "./close-stretch.ts";

export interface CopyRequest {
  readonly consumer: string;
  readonly consumerId: number;
  readonly ordering: LockedConsumer["ordering"];
  readonly partitions: number;
  /** Its topics; those that the source lacks begin at their `start`. */
  readonly topics: readonly { readonly topicId: number; readonly topic: string }[];
  readonly copyFrom: string;
  /** As `lockSource` found it. */
  readonly source: LockedConsumer;
  readonly actor: Actor;
}

/**
 * Locks the consumer that another is to be made of, before that one is there, and says how it is declared. Throws
 * `consumer-not-found`.
 */
export async function lockSource(
  db: Queryable,
  { consumer, copyFrom }: { readonly consumer: string; readonly copyFrom: string },
): Promise<{ locked: LockedConsumer; settings: ConsumerSettings }> {
  const locked = copyFrom === consumer ? null : await lockConsumer(db, copyFrom);
  if (locked === null) throw new DomainError("consumer-not-found", `there is no consumer "${copyFrom}" to copy from`);
  // What is in the bin cannot be read by another one.
  const subscriptions = (await selectSubscriptions(db, locked.id)).filter((it) => !it.isRemoved);
  return { locked, settings: settingsOf(locked, subscriptions) };
}

/**
 * Has a consumer that was just made, in this transaction, take over what another has done: positions, earlier layouts,
 * parked events with their attempts, and all state entries. The source's row and leases are locked, so no settlement
 * comes between: what the copy has settled, parked and remembered is of one instant. With another number of partitions,
 * all of the copy's begin at the source's lowest position, and the source's cursors become an earlier layout of the copy:
 * nothing that was settled is delivered to it.
 */
export async function copyConsumer(db: Queryable, request: CopyRequest): Promise<void> {
  const { consumer, consumerId, ordering, partitions, topics, copyFrom, source, actor } = request;
  await lockLeases(db, { consumerId: source.id, partitions: "all" });
  const stretch = { consumerId: source.id, topicIds: topics.map((it) => it.topicId), partitions: source.partitions };
  await closeStretch(db, stretch);
  await beginStretch(db, stretch);
  const cursors = await selectCursors(db, source.id);
  const shared = topics.filter(({ topicId }) => cursors.some((it) => it.topicId === topicId));
  const common = shared.map((it) => it.topicId);
  for (const layout of await selectPriorLayouts(db, source.id, common)) {
    await insertPriorLayout(db, consumerId, priorLayoutOf(layout));
  }
  await copyHandled(db, { from: source.id, to: consumerId, topicIds: common });
  await copyBeginnings(db, { from: source.id, to: consumerId, topicIds: common });
  for (const topicId of common) {
    const of = cursors.filter((it) => it.topicId === topicId);
    await copyCursors(db, { consumerId, partitions, source, cursors: of, topicId });
  }
  // Also with as many partitions: the number has to rise above those of the earlier layouts.
  await setLayout(db, consumerId, source.layout + (partitions === source.partitions ? 0 : 1));
  const parked = await copyParked(db, { from: source.id, to: consumerId, topicIds: common });
  await mendSequences(db, {
    consumerId,
    sequences: [...parked.sequences, ...(await nameSequences(db, { consumerId, ordering, partitions }))],
  });
  await beginStretch(db, { consumerId, topicIds: common, partitions });
  await raiseParkedVersion(db, consumerId);
  const stateEntries = await copyState(db, { from: source.id, to: consumerId });
  const copied = {
    positions: shared.map(({ topicId, topic }) => ({
      topic,
      position: Math.min(...cursors.filter((it) => it.topicId === topicId).map((it) => it.position)),
    })),
    parked: parked.count,
    stateEntries,
  };
  for (const [target, after] of [
    [consumer, { copyOf: copyFrom, ...copied }],
    [copyFrom, { copiedTo: consumer, ...copied }],
  ] as const) {
    await insertAuditEntry(db, {
      actor: actor.name,
      action: "consumer.copied",
      target: `consumer:${target}`,
      after,
      requestId: actor.requestId,
    });
  }
}

async function copyCursors(
  db: Queryable,
  copy: {
    readonly consumerId: number;
    readonly partitions: number;
    readonly source: LockedConsumer;
    readonly topicId: number;
    readonly cursors: readonly StoredCursor[];
  },
): Promise<void> {
  const { consumerId, partitions, source, topicId, cursors } = copy;
  if (partitions === source.partitions) return replaceCursors(db, consumerId, cursors);
  const { floor, endsAt } = relayout(cursors);
  if (endsAt > floor) {
    await insertPriorLayout(db, consumerId, {
      topicId,
      layout: source.layout,
      partitions: source.partitions,
      cursors: new Map(cursors.map((it) => [it.partition, it])),
      endsAt,
    });
  }
  await replaceCursors(
    db,
    consumerId,
    Array.from({ length: partitions }, (_, partition) => ({
      topicId,
      partition,
      position: floor,
      settled: new OffsetRanges(),
    })),
  );
}
