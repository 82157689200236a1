import type { ConsumerSetup } from "../store/consumer-setup-select.ts";
import type { HeldDelivery, HeldPartition } from "./held-partition.ts";
import type { SettlementItem } from "./settlement-group.ts";
import { ackTimeoutError } from "./stored-error.ts";

/** Deliveries of one partition about which the member has said nothing for too long. */
export interface OverdueDeliveries {
  readonly held: HeldPartition;
  readonly deliveries: readonly HeldDelivery[];
  /** It has not said anything about any other either. */
  readonly isSilent: boolean;
}

/** What they amount to: failed deliveries like any other. */
export function ackTimeouts(setup: ConsumerSetup, overdue: readonly OverdueDeliveries[]): SettlementItem[] {
  const error = ackTimeoutError(setup.ackTimeoutMs);
  return overdue.flatMap(({ held, deliveries }) =>
    deliveries.map(
      ({ topicId, offset, attempt }): SettlementItem => ({
        topicId,
        topic: setup.topics.find((it) => it.topicId === topicId)?.topic ?? "",
        partition: held.partition,
        epoch: held.epoch,
        offset,
        outcome: "retry",
        upTo: false,
        attempt,
        error,
        delayMs: null,
        reason: null,
        state: null,
      }),
    ),
  );
}
