import { DomainError } from "../../domain/errors.ts";
import { partitionOf } from "../../domain/partition-of.ts";
import type { StateConflict } from "../../domain/state-fold.ts";
import type { Queryable } from "../../store/database.ts";
import { selectEventKeys } from "../../store/topics/event-keys-select.ts";
import { type FindHolder, isAnswer, isHeldHere, type SettlementItem } from "./group.ts";

/** One request whose caller waits. */
export interface Refusable {
  readonly items: readonly SettlementItem[];
  readonly reject: (error: unknown) => void;
}

/**
 * Refuses requests that settle what was not delivered from the partition that they name: nobody can have handled it.
 * Returns the others.
 */
export async function refuseUndelivered<Request extends Refusable>(
  db: Queryable,
  { partitions, findHolder }: { readonly partitions: number; readonly findHolder: FindHolder },
  group: readonly Request[],
): Promise<Request[]> {
  const misplaced = await misplacedOf(db, { partitions, findHolder }, group);
  return group.filter((waiting) => {
    const undelivered: object[] = [];
    waiting.items.forEach((item, index) => {
      const { topicId, topic, partition, offset } = item;
      const flow = findHolder(partition)?.flows.get(topicId);
      const isDelivered = !isAnswer(item) || (flow?.mayHaveDelivered(offset) === true && !misplaced.has(item));
      if (!isDelivered && isHeldHere(findHolder, item)) undelivered.push({ index, topic, partition, offset });
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
 * Those that name a partition their event does not belong to. Only of what the holder has neither in flight nor parked
 * the events are looked up: repeats, which are rare. Of an event that retention has taken nothing is known.
 */
async function misplacedOf(
  db: Queryable,
  { partitions, findHolder }: { readonly partitions: number; readonly findHolder: FindHolder },
  group: readonly Refusable[],
): Promise<ReadonlySet<SettlementItem>> {
  const misplaced = new Set<SettlementItem>();
  if (partitions === 1) return misplaced;
  const byTopic = new Map<number, SettlementItem[]>();
  for (const { items } of group) {
    for (const item of items) {
      const { topicId, offset } = item;
      const holder = findHolder(item.partition);
      const flow = holder?.flows.get(topicId);
      if (flow === undefined || flow.numberOf(offset) !== undefined || flow.headAt(offset) !== undefined) continue;
      if (!isAnswer(item)) continue;
      byTopic.set(topicId, [...(byTopic.get(topicId) ?? []), item]);
    }
  }
  for (const [topicId, items] of byTopic) {
    const events = await selectEventKeys(db, { topicId, offsets: [...new Set(items.map((it) => it.offset))] });
    for (const item of items) {
      const event = events.get(item.offset);
      if (event !== undefined && partitionOf(event, partitions) !== item.partition) misplaced.add(item);
    }
  }
  return misplaced;
}

/** The refusal of settlements under an epoch that is over. */
export function staleEpoch(
  stale: readonly {
    readonly index: number;
    readonly topic: string;
    readonly partition: number;
    readonly epoch: number;
    readonly currentEpoch: number | null;
  }[],
): DomainError {
  return new DomainError("stale-epoch", "the lease has moved on; nothing of this request was counted", {
    facts: { stale },
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
