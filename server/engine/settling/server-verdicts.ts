import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { DeliveryPlace } from "../members/member-session.ts";
import type { SettlementItem } from "./group.ts";
import type { Settler } from "./settler.ts";
import { ackTimeoutError } from "./stored-error.ts";

/** Deliveries that the member began, or can have begun, and has said nothing about for too long. */
export interface OverdueDeliveries {
  readonly deliveries: readonly DeliveryPlace[];
  /** The member has not said anything about any other delivery either. */
  readonly isSilent: boolean;
}

/** Retries deliveries of which nothing was heard: failed ones like any other. The member is as silent as before. */
export async function settleOverdue(
  settler: Settler,
  setup: ConsumerSetup,
  deliveries: readonly DeliveryPlace[],
): Promise<void> {
  const items = deliveries.map(
    ({ held, topic, offset }): SettlementItem => ({
      topicId: topic.topicId,
      topic: topic.topic,
      partition: held.partition,
      epoch: held.epoch,
      offset,
      outcome: "retry",
      error: ackTimeoutError(setup.ackTimeoutMs),
      attempt: held.flows.get(topic.topicId)?.attemptOf(offset) ?? null,
      delayMs: null,
      reason: null,
      state: null,
      isVerdict: true,
    }),
  );
  await settler.settle(setup.consumerId, items);
}
