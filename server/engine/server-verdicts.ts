import type { ConsumerSetup } from "../store/consumer-setup-select.ts";
import type { HeldDelivery, HeldPartition } from "./held-partition.ts";
import type { SettlementItem } from "./settlement-group.ts";
import type { Settler } from "./settler.ts";
import { ackTimeoutError, connectionLostError } from "./stored-error.ts";

export interface HeldDeliveries {
  readonly held: HeldPartition;
  readonly deliveries: readonly HeldDelivery[];
}

/** Deliveries about which the member has said nothing for too long, by partition. */
export interface OverdueDeliveries {
  readonly of: readonly HeldDeliveries[];
  /** It has not said anything about any other either, of whatever partition. */
  readonly isSilent: boolean;
}

/** Retries deliveries of which nothing was heard: failed ones like any other. */
export function settleOverdue(
  settler: Settler,
  setup: ConsumerSetup,
  overdue: readonly HeldDeliveries[],
): Promise<void> {
  return judge(settler, setup, { of: overdue, outcome: "retry", error: ackTimeoutError(setup.ackTimeoutMs) });
}

/** Makes dead letters of events that take down whoever handles them. */
export function settleLost(settler: Settler, setup: ConsumerSetup, lost: HeldDeliveries): Promise<void> {
  return judge(settler, setup, { of: [lost], outcome: "dead-letter", error: connectionLostError() });
}

/** Settles in the member's place. The server has spoken then: the member is as silent as before. */
async function judge(
  settler: Settler,
  setup: ConsumerSetup,
  { of, ...verdict }: { readonly of: readonly HeldDeliveries[] } & Pick<SettlementItem, "outcome" | "error">,
): Promise<void> {
  const items = of.flatMap(({ held, deliveries }) =>
    deliveries.map(
      ({ topicId, offset, attempt }): SettlementItem => ({
        topicId,
        topic: setup.topics.find((it) => it.topicId === topicId)?.topic ?? "",
        partition: held.partition,
        epoch: held.epoch,
        offset,
        ...verdict,
        attempt,
        delayMs: null,
        reason: null,
        state: null,
        isVerdict: true,
      }),
    ),
  );
  await settler.settle(setup.consumerId, items);
}
