import type { ConsumerSettings } from "../../domain/consumer-settings.ts";
import type { LockedConsumer } from "../../store/consumers/lock.ts";
import type { StoredSubscription } from "../../store/consumers/subscription-topics.ts";

/** How a consumer is declared now. */
export function settingsOf(it: LockedConsumer, subscriptions: readonly StoredSubscription[]): ConsumerSettings {
  const { partitions, ordering, retry, breaker, maxInFlight, ackTimeoutMs, reconnectGraceMs } = it;
  const topics = subscriptions.map(({ topicId: _, isRemoved: __, ...topic }) => topic);
  return { topics, partitions, ordering, retry, breaker, maxInFlight, ackTimeoutMs, reconnectGraceMs };
}
