import { DomainError } from "../domain/errors.ts";
import { partitionOf } from "../domain/partition-of.ts";
import type { StateConflict } from "../domain/state-fold.ts";
import type { Queryable } from "../store/database.ts";
import { selectEventKeys } from "../store/event-keys-select.ts";
import { selectLeaseEpochs } from "../store/lease-epochs-select.ts";
import { selectTopicHeads } from "../store/position-heads-select.ts";
import type { LeaseStand } from "../store/settle-cursors-merge.ts";
import type { FindHolder, SettlementItem } from "./settlement-group.ts";

/** One request whose caller waits. */
export interface Refusable {
  readonly items: readonly SettlementItem[];
  readonly reject: (error: unknown) => void;
}

/**
 * Refuses requests that settle what was not delivered: nobody can have handled it. The holder knows exactly; for a
 * partition that is held elsewhere the bounds are the topic's head, and the partition that the event belongs to: parked
 * under the lease of another one, its holder would not hear of it. Returns the others.
 */
export async function refuseUndelivered<Request extends Refusable>(
  db: Queryable,
  { consumerId, findHolder }: { readonly consumerId: number; readonly findHolder: FindHolder },
  group: readonly Request[],
): Promise<Request[]> {
  const foreign = group
    .flatMap(({ items }) => items)
    .filter((item) => findHolder(item.partition)?.epoch !== item.epoch);
  const topicIds = [...new Set(foreign.map((it) => it.topicId))];
  const heads = topicIds.length === 0 ? new Map<number, number>() : await selectTopicHeads(db, topicIds);
  const misplaced = await misplacedOf(db, consumerId, foreign);
  return group.filter((waiting) => {
    const undelivered = waiting.items.flatMap((item, index) => {
      const holder = findHolder(item.partition);
      const isDelivered =
        holder?.epoch === item.epoch
          ? (holder.trackers.get(item.topicId)?.mayHaveDelivered(item.offset) ?? false)
          : item.offset <= (heads.get(item.topicId) ?? 0) && !misplaced.has(item);
      return isDelivered ? [] : [{ index, topic: item.topic, partition: item.partition, offset: item.offset }];
    });
    if (undelivered.length === 0) return true;
    waiting.reject(
      new DomainError("not-delivered", "an event that was not delivered cannot be settled", {
        facts: { undelivered },
      }),
    );
    return false;
  });
}

/**
 * Those that name a partition their event does not belong to. An `upTo` may name any offset that its partition has
 * passed, and an extension writes nothing; of an event that retention has taken nothing is known; and under an epoch that is over the number of
 * partitions may have been another one: such requests are refused as stale.
 */
async function misplacedOf(
  db: Queryable,
  consumerId: number,
  foreign: readonly SettlementItem[],
): Promise<ReadonlySet<SettlementItem>> {
  const single = foreign.filter((it) => !it.upTo && it.outcome !== "extend");
  if (single.length === 0) return new Set();
  const epochs = await selectLeaseEpochs(db, consumerId);
  const misplaced = new Set<SettlementItem>();
  if (epochs.size === 1) return misplaced;
  for (const topicId of new Set(single.map((it) => it.topicId))) {
    const items = single.filter((it) => it.topicId === topicId && it.epoch === epochs.get(it.partition));
    const events = await selectEventKeys(db, { topicId, offsets: [...new Set(items.map((it) => it.offset))] });
    for (const item of items) {
      const event = events.get(item.offset);
      if (event !== undefined && partitionOf(event, epochs.size) !== item.partition) misplaced.add(item);
    }
  }
  return misplaced;
}

/** Refuses requests under an epoch that is over; returns the others. */
export function refuseStale<Request extends Refusable>(
  live: readonly Request[],
  leases: ReadonlyMap<number, LeaseStand>,
): Request[] {
  return live.filter((waiting) => {
    const stale = waiting.items.flatMap(({ topic, partition, epoch }, index) => {
      const currentEpoch = leases.get(partition)?.epoch ?? null;
      return currentEpoch === epoch ? [] : [{ index, topic, partition, epoch, currentEpoch }];
    });
    if (stale.length === 0) return true;
    waiting.reject(
      new DomainError("stale-epoch", "the lease has moved on; nothing of this request was counted", {
        facts: { stale },
      }),
    );
    return false;
  });
}

/** Refuses requests whose expectations of the state do not hold; returns the others. */
export function refuseConflicting<Request extends Refusable>(
  live: readonly Request[],
  conflicts: ReadonlyMap<object, readonly StateConflict[]>,
): Request[] {
  return live.filter((waiting) => {
    const found = conflicts.get(waiting);
    if (found === undefined) return true;
    waiting.reject(
      new DomainError("state-conflict", "the state is not as expected; nothing of this request was counted", {
        facts: { conflicts: found },
      }),
    );
    return false;
  });
}
