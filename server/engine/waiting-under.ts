import type { ConsumerSetup } from "../store/consumer-setup-select.ts";
import type { Queryable } from "../store/database.ts";
import { selectOffsetsOfKeys } from "../store/event-offsets-of-keys.ts";
import { selectPartitionHeads } from "../store/parked-heads-select.ts";
import type { DecidedItem } from "./settlement-effects.ts";
import type { SettlementItem } from "./settlement-group.ts";

/**
 * An `upTo` that arrives where the partition is not held covers whatever lies under it, also what the holder has seen
 * and not delivered, because an earlier event of its key is parked. Those are found here, under the lock of the lease,
 * and left out: they would count as settled, and never come.
 */
export async function selectWaitingUnder(
  db: Queryable,
  setup: ConsumerSetup,
  known: readonly DecidedItem[],
): Promise<Map<SettlementItem, number[]>> {
  const waiting = new Map<SettlementItem, number[]>();
  for (const { special, decision } of known) {
    const { item, holder } = special;
    if (decision !== "settle" || holder !== null || !item.upTo) continue;
    const [partition] = await selectPartitionHeads(db, {
      consumerId: setup.consumerId,
      partitions: [item.partition],
      layoutPartitions: setup.partitions,
    });
    const heads = new Map<string, number>();
    for (const { topicId, key, offset } of partition?.heads ?? []) {
      if (topicId === item.topicId && key !== null && offset < item.offset) heads.set(key, offset);
    }
    const found = await selectOffsetsOfKeys(db, {
      topicId: item.topicId,
      after: Math.min(...heads.values(), item.offset),
      through: item.offset,
      keys: [...heads.keys()],
    });
    waiting.set(
      item,
      found.filter((it) => it.offset > (heads.get(it.key) ?? it.offset)).map((it) => it.offset),
    );
  }
  return waiting;
}
