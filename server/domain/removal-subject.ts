/** What hangs on a topic or a consumer, as far as a removal has to be of what was previewed. */
export interface RemovalSubject {
  /** Of this incarnation: the name may be another's by now. */
  readonly targetId: number;
  readonly consumers: readonly string[];
  readonly topics: readonly string[];
  readonly parked: number;
  readonly stateEntries: number;
  readonly events: number;
}

/**
 * One text for what a preview showed. Consumers and topics count one by one; of events, parked events and state it counts
 * whether there are any. How many there are changes all the time while a topic or a consumer is in use: a preview that
 * went stale with each event could never be followed by its removal.
 */
export function removalSubjectText(of: RemovalSubject): string {
  const { targetId, consumers, topics, parked, stateEntries, events } = of;
  return JSON.stringify([
    targetId,
    [...consumers].sort(),
    [...topics].sort(),
    parked > 0,
    stateEntries > 0,
    events > 0,
  ]);
}
