import { type CursorState, DeliveryTracker } from "../domain/delivery-tracker.ts";
import type { ConsumerSetup } from "../store/consumer-setup-select.ts";
import { type FrameTemplate, frameTemplate } from "./delivery-frame.ts";

/** A partition in the hands of one member, under one epoch. A new epoch is a new object: nothing leaks between two. */
export class HeldPartition {
  readonly partition: number;
  readonly epoch: number;
  /** By topic id. */
  readonly trackers = new Map<number, DeliveryTracker>();
  readonly templates = new Map<number, FrameTemplate>();
  /** Since when nothing new is delivered from it, because it is to be handed over; null = it is not. */
  drainingSince: number | null = null;

  constructor(
    setup: ConsumerSetup,
    held: {
      readonly partition: number;
      readonly epoch: number;
      readonly cursors: ReadonlyMap<number, CursorState>;
    },
  ) {
    this.partition = held.partition;
    this.epoch = held.epoch;
    for (const { topicId, topic } of setup.topics) {
      const cursor = held.cursors.get(topicId);
      if (cursor === undefined) continue;
      this.trackers.set(topicId, new DeliveryTracker(cursor));
      this.templates.set(topicId, frameTemplate({ topic, partition: held.partition, epoch: held.epoch }));
    }
  }

  get inFlight(): number {
    let sum = 0;
    for (const tracker of this.trackers.values()) sum += tracker.inFlight;
    return sum;
  }

  /** Whether the member has said nothing about one of its deliveries for too long. */
  isOverdue(now: number): boolean {
    for (const tracker of this.trackers.values()) if (tracker.overdue(now) !== undefined) return true;
    return false;
  }
}

/** Up to where all of them have looked at a topic; undefined when none of them reads it. */
export function lowestScanned(partitions: readonly HeldPartition[], topicId: number): number | undefined {
  let lowest: number | undefined;
  for (const held of partitions) {
    const scanned = held.trackers.get(topicId)?.scanned;
    if (scanned !== undefined && (lowest === undefined || scanned < lowest)) lowest = scanned;
  }
  return lowest;
}
