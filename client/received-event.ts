import type { CloudEvent } from "./wire.ts";

/** An event with its place. */
export interface ReceivedEvent<Data = unknown> {
  readonly topic: string;
  readonly offset: number;
  /** The event's key; null when it has none. */
  readonly key: string | null;
  readonly event: CloudEvent<Data>;
}

export function received<Data>(event: CloudEvent<Data>, offset: number): ReceivedEvent<Data> {
  return { topic: event.topic, offset, key: event.partitionkey ?? null, event };
}
