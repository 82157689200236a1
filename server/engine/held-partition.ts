import { type CursorState, DeliveryTracker } from "../domain/delivery-tracker.ts";
import type { ParkedHead, ParkedHeads } from "../domain/parked-heads.ts";
import type { ConsumerSetup } from "../store/consumer-setup-select.ts";
import type { BrokenDeliveries } from "../store/delivery-attempts-select.ts";
import { type FrameTemplate, frameTemplate } from "./delivery-frame.ts";

/** A partition in the hands of one member, under one epoch. A new epoch is a new object: nothing leaks between two. */
export class HeldPartition {
  readonly partition: number;
  readonly epoch: number;
  readonly member: string;
  /** The sequences of it that wait behind a parked event. */
  readonly parked: ParkedHeads;
  /** By topic id and offset. */
  readonly #broken: ReadonlyMap<string, BrokenDeliveries>;
  /** When the member last settled or extended anything of it, on the monotonic clock; null = never. */
  heardAt: number | null = null;
  /** A parked event comes back in the flow, and is counted there. */
  isTopicOrdered: boolean;
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
      readonly member: string;
      readonly cursors: ReadonlyMap<number, CursorState>;
      readonly parked: ParkedHeads;
      readonly broken: ReadonlyMap<string, BrokenDeliveries>;
    },
  ) {
    this.partition = held.partition;
    this.epoch = held.epoch;
    this.member = held.member;
    this.parked = held.parked;
    this.#broken = held.broken;
    this.isTopicOrdered = setup.ordering === "topic";
    for (const { topicId, topic } of setup.topics) {
      const cursor = held.cursors.get(topicId);
      if (cursor === undefined) continue;
      this.trackers.set(topicId, new DeliveryTracker(cursor));
      this.templates.set(topicId, frameTemplate({ topic, partition: held.partition, epoch: held.epoch }));
    }
  }

  /** Heads of parked sequences to be delivered now. */
  dueHeads(now: number, limit: number): ParkedHead[] {
    return this.parked.due(now, limit, ({ topicId, offset, key }) => {
      return this.trackers.get(topicId)?.isPassed(offset, key) ?? true;
    });
  }

  get inFlight(): number {
    let sum = this.isTopicOrdered ? 0 : this.parked.inFlight;
    for (const tracker of this.trackers.values()) sum += tracker.inFlight;
    return sum;
  }

  /** Deliveries about which the member has said nothing for too long. */
  overdue(now: number): HeldDelivery[] {
    const parked = this.isTopicOrdered ? [] : this.parked.overdue(now);
    const overdue: HeldDelivery[] = parked.map(({ topicId, offset, attempt }) => ({
      topicId,
      offset,
      attempt: attempt + 1,
    }));
    for (const [topicId, tracker] of this.trackers) {
      for (const offset of tracker.overdue(now))
        overdue.push({ topicId, offset, attempt: this.attemptOf(topicId, offset) });
    }
    return overdue;
  }

  /** Gives a delivery in flight (all of a topic, without an offset) until a new deadline. */
  extend(topicId: number, deadline: number, offset?: number): void {
    this.trackers.get(topicId)?.extend(deadline, offset);
    this.parked.extend(topicId, deadline, offset);
  }

  /** The number of a delivery: one more than have failed or broken off. */
  attemptOf(topicId: number, offset: number): number {
    const failed = this.parked.headAt(topicId, offset)?.attempt;
    if (failed !== undefined) return failed + 1;
    return this.#broken.size === 0 ? 1 : (this.#broken.get(`${topicId} ${offset}`)?.count ?? 0) + 1;
  }

  /** Deliveries of an event in a row that ended with the connection of the member; none once it has failed since. */
  lostOf(topicId: number, offset: number): number {
    const broken = this.#broken.size === 0 ? undefined : this.#broken.get(`${topicId} ${offset}`);
    if (broken === undefined) return 0;
    const attempt = this.parked.headAt(topicId, offset)?.attempt ?? broken.lastAttempt;
    return attempt === broken.lastAttempt ? broken.lost : 0;
  }

  /** All that is in flight. */
  *inFlightDeliveries(): Generator<HeldDelivery> {
    const heads = this.isTopicOrdered ? [] : this.parked.inFlightHeads();
    for (const { topicId, offset, attempt } of heads) {
      yield { topicId, offset, attempt: attempt + 1 };
    }
    for (const [topicId, tracker] of this.trackers) {
      for (const offset of tracker.inFlightOffsets())
        yield { topicId, offset, attempt: this.attemptOf(topicId, offset) };
    }
  }
}

export interface HeldDelivery {
  readonly topicId: number;
  readonly offset: number;
  readonly attempt: number;
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
