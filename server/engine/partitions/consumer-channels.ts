/** Topics came or went, or one has another name. */
export const TOPICS_CHANNEL = "topics";

/** Consumers went or came back, so that a name may be another's. */
export const CONSUMERS_CHANNEL = "consumers";

/** The consumer's declaration, members, leases or positions changed. */
export const consumerChannel = (consumerId: number): string => `consumer:${consumerId}`;

/** Parked events of it were changed by somebody else than the instance that holds their partition. */
export const parkedChannel = (consumerId: number): string => `parked:${consumerId}`;

/** Settlements wait for an instance that holds their partitions. */
export const inboxChannel = (instance: string): string => `inbox:${instance}`;

/** An instance has answers to settlements that it has sent to others. */
export const answersChannel = (instance: string): string => `answers:${instance}`;
