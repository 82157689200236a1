import { DomainError } from "../domain/errors.ts";
import type { Queryable } from "../store/database.ts";
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
 * partition that is held elsewhere the topic's head is the bound. Returns the others.
 */
export async function refuseUndelivered<Request extends Refusable>(
  db: Queryable,
  findHolder: FindHolder,
  group: readonly Request[],
): Promise<Request[]> {
  const foreignTopics = new Set<number>();
  for (const { items } of group) {
    for (const item of items) if (findHolder(item.partition)?.epoch !== item.epoch) foreignTopics.add(item.topicId);
  }
  const heads = foreignTopics.size === 0 ? new Map<number, number>() : await selectTopicHeads(db, [...foreignTopics]);
  return group.filter((waiting) => {
    const undelivered = waiting.items.flatMap((item, index) => {
      const holder = findHolder(item.partition);
      const isDelivered =
        holder?.epoch === item.epoch
          ? (holder.trackers.get(item.topicId)?.mayHaveDelivered(item.offset) ?? false)
          : item.offset <= (heads.get(item.topicId) ?? 0);
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
