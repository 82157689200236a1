/** Its declaration, members, leases or positions changed. */
export const consumerChannel = (consumerId: number): string => `consumer:${consumerId}`;

/** Something of it was settled at an instance that does not hold the partition. */
export const settledChannel = (consumerId: number): string => `settled:${consumerId}`;

/**
 * A delivery of the partition was extended at an instance that does not hold it. The hint names no offset, so it
 * extends all that is in flight there; when it is lost, the ack timeout delivers again, which is always allowed.
 */
export const extendedChannel = (consumerId: number, partition: number): string => `extended:${consumerId}:${partition}`;
