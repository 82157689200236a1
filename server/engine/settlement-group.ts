import type { DeliveryTracker } from "../domain/delivery-tracker.ts";
import { formatRanges, OffsetRanges } from "../domain/offset-ranges.ts";
import type { StateChangeText } from "../domain/state-fold.ts";
import type { StoredError } from "../store/parked-settle-write.ts";
import type { CursorMerge } from "../store/settle-cursors-merge.ts";
import type { HeldPartition } from "./held-partition.ts";

/** A settlement with its topic resolved and its state as JSON text. */
export interface SettlementItem {
  readonly topicId: number;
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly offset: number;
  readonly outcome: "ack" | "retry" | "dead-letter" | "skip" | "extend";
  /** The attempt it answers; null = the member did not say. */
  readonly attempt: number | null;
  /** With `retry` and `dead-letter`. */
  readonly error: StoredError | null;
  readonly delayMs: number | null;
  /** With `skip`. */
  readonly reason: string | null;
  readonly state: StateChangeText | null;
  /** The server speaks in the place of a member that is silent. */
  readonly isVerdict?: boolean;
}

/** A settlement that is more than an ack of a live delivery: what it does depends on what is parked. */
export interface SpecialItem {
  readonly item: SettlementItem & { readonly outcome: "ack" | "retry" | "dead-letter" | "skip" };
  readonly holder: HeldPartition;
  /** In flight as a live delivery: nothing of it is parked, and it is not settled. */
  readonly isLive: boolean;
  /** Was delivered, and comes again: an earlier event of its sequence has failed. */
  readonly isTakenBack: boolean;
}

/** An event that waits behind a parked one of its sequence. */
export interface FollowerToPark {
  readonly topicId: number;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  /** Deliveries of it that broke off. */
  readonly broken: number;
}

/** Who holds a partition at this instance, if anybody. */
export type FindHolder = (partition: number) => HeldPartition | undefined;

/** Whether a partition is held here under the epoch of a settlement. */
export function isHeldHere(findHolder: FindHolder, item: SettlementItem): boolean {
  return findHolder(item.partition)?.epoch === item.epoch;
}

interface Part {
  readonly topicId: number;
  readonly partition: number;
  readonly tracker: DeliveryTracker;
  /** Parked events that were released. */
  readonly released: OffsetRanges;
  failed: number;
  floor: number;
}

/** How many followers one group parks at most; the others go with the next. */
const MAX_PARKED = 1_000;

/**
 * Settlements that go to the database together. Each is marked in its tracker first, so that the floor they lead to
 * can be computed; `commit` or `rollBack` decides about the marks.
 */
export class SettlementGroup {
  /** To be decided on what is parked, in the order in which they came. */
  readonly specials: SpecialItem[] = [];
  readonly followers: FollowerToPark[] = [];
  readonly #isTopicOrdered: boolean;
  /** Acks of live deliveries. */
  readonly #counted = new Set<SettlementItem>();
  /** The events of the special ones, by topic id and offset. */
  readonly #special = new Set<string>();
  readonly #failures: SettlementItem[] = [];
  readonly #parts = new Map<string, Part>();
  readonly #holders = new Set<HeldPartition>();

  constructor(
    readonly findHolder: FindHolder,
    options: { readonly isTopicOrdered: boolean },
  ) {
    this.#isTopicOrdered = options.isTopicOrdered;
  }

  /** The partitions of it. */
  get holders(): ReadonlySet<HeldPartition> {
    return this.#holders;
  }

  get isEmpty(): boolean {
    return this.#holders.size === 0;
  }

  /** Whether a settlement is the ack of a delivery that was in flight, and no repeat. */
  counts(item: SettlementItem): boolean {
    return this.#counted.has(item);
  }

  /** Of a partition that is held here, and of a topic that it has. */
  add(item: SettlementItem): void {
    const holder = this.findHolder(item.partition);
    const tracker = holder?.trackers.get(item.topicId);
    if (holder === undefined || tracker === undefined) return;
    this.#holders.add(holder);
    if (!isAnswer(item)) return;
    const { topicId, offset, outcome } = item;
    this.#part(holder, topicId, tracker);
    const special = { item, holder, isLive: false, isTakenBack: false };
    const id = `${topicId} ${offset}`;
    if (this.#special.has(id)) {
      // The second answer to one delivery in a group: the first decides.
      this.specials.push(special);
    } else if (holder.parked.headAt(topicId, offset) !== undefined) {
      // Of a topic-ordered consumer the flow waits at its head, which is then in flight like any other.
      if (outcome === "ack" || outcome === "skip") tracker.settle(offset);
      this.#addSpecial(special);
    } else if (this.#isBehindFailure(item) || tracker.isParking(offset)) {
      this.#addSpecial({ ...special, isTakenBack: true });
    } else if (outcome === "ack" && tracker.isInFlight(offset)) {
      tracker.settle(offset);
      this.#counted.add(item);
    } else if (tracker.isInFlight(offset)) {
      this.#addFailure(item, holder, tracker);
    } else if (holder.parked.size > 0 || isToCome(tracker, offset)) {
      this.#addSpecial({ ...special, isTakenBack: isToCome(tracker, offset) });
    }
  }

  /** Brings what was passed over to the database: nobody settles it, yet the position has to move. */
  addProgress(holder: HeldPartition): void {
    for (const [topicId, tracker] of holder.trackers) {
      if (!tracker.isBehind) continue;
      this.#holders.add(holder);
      this.#part(holder, topicId, tracker);
    }
  }

  /** Nothing is added any more: takes what waits to be parked in the partitions of this group. */
  seal(): void {
    for (const { topicId, partition, tracker } of this.#parts.values()) {
      for (const it of tracker.settleParking(MAX_PARKED - this.followers.length)) {
        const broken = (this.findHolder(partition)?.attemptOf(topicId, it.offset) ?? 1) - 1;
        this.followers.push({ topicId, partition, ...it, broken });
      }
    }
  }

  countFailure(item: SettlementItem): void {
    const part = this.#partOf(item);
    if (part !== undefined) part.failed += 1;
  }

  /**
   * A parked event leaves. Only an earlier layout may have passed it, so that nothing else tells a repeat of its
   * settlement from the first.
   */
  countReleased(item: SettlementItem): void {
    this.#partOf(item)?.released.add(item.offset, item.offset);
  }

  /** The epochs all of it was delivered under, with the versions of what is parked. */
  get expected(): CursorMerge["expected"] {
    return Array.from(this.#holders, ({ partition, epoch, parked }) => ({
      partition,
      epoch,
      parkedVersion: parked.version,
    }));
  }

  /** Call once: it fixes the floors that `commit` takes as known to the database. */
  merge(consumerId: number, holder: string): CursorMerge {
    const cursors = Array.from(this.#parts.values(), (part): CursorMerge["cursors"][number] => {
      const { topicId, partition, tracker, released, failed } = part;
      const pending = tracker.pending();
      part.floor = pending[0]?.[1] ?? 0;
      return { topicId, partition, ranges: formatRanges([...pending, ...released]), settled: tracker.settling, failed };
    });
    return { consumerId, holder, expected: this.expected, cursors };
  }

  commit(): void {
    for (const { tracker, floor } of this.#parts.values()) {
      tracker.commit();
      tracker.flushed(floor);
    }
    for (const holder of this.#holders) holder.parked.reopen();
  }

  rollBack(): void {
    for (const { tracker } of this.#parts.values()) tracker.rollBack();
    for (const holder of this.#holders) holder.parked.reopen();
  }

  #addSpecial(special: SpecialItem): void {
    this.#special.add(`${special.item.topicId} ${special.item.offset}`);
    this.specials.push(special);
  }

  #addFailure(item: SpecialItem["item"], holder: HeldPartition, tracker: DeliveryTracker): void {
    this.#addSpecial({ item, holder, isLive: true, isTakenBack: false });
    if (item.outcome === "skip") {
      tracker.settle(item.offset);
      return;
    }
    if (this.#isTopicOrdered) {
      this.#failures.push(item);
      // The position stays below it; it must not time out a second time while it is being written.
      tracker.suspend(item.offset);
      return;
    }
    const key = tracker.keyOf(item.offset);
    tracker.settle(item.offset);
    if (key === null) return;
    holder.parked.close(item.topicId, key, item.offset);
    tracker.takeBack(key, item.offset);
  }

  /** Of a topic-ordered consumer: an earlier event of its partition has failed in this very group. */
  #isBehindFailure({ topicId, partition, offset }: SettlementItem): boolean {
    return this.#failures.some((it) => it.topicId === topicId && it.partition === partition && it.offset < offset);
  }

  #partOf({ partition, topicId }: SettlementItem): Part | undefined {
    return this.#parts.get(`${topicId} ${partition}`);
  }

  #part({ partition }: HeldPartition, topicId: number, tracker: DeliveryTracker): void {
    const id = `${topicId} ${partition}`;
    if (this.#parts.has(id)) return;
    this.#parts.set(id, { topicId, partition, tracker, released: new OffsetRanges(), failed: 0, floor: 0 });
  }
}

/** A scan that was taken back comes by an event again: what the member says about its delivery is too late. */
function isToCome(tracker: DeliveryTracker, offset: number): boolean {
  return offset > tracker.scanned && !tracker.wasSettled(offset);
}

function isAnswer(item: SettlementItem): item is SpecialItem["item"] {
  return item.outcome !== "extend";
}
