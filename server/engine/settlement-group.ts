import type { DeliveryTracker } from "../domain/delivery-tracker.ts";
import { formatRanges, OffsetRanges } from "../domain/offset-ranges.ts";
import type { StateChangeText } from "../domain/state-fold.ts";
import type { StoredError } from "../store/parked-settle-write.ts";
import type { ParkedStand } from "../store/parked-stand-select.ts";
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
  readonly upTo: boolean;
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
  /** The holder, when it is at this instance. */
  readonly holder: HeldPartition | null;
  /** In flight here as a live delivery: nothing of it is parked, and it is not settled. */
  readonly isLive: boolean;
  /** Was delivered, and is about to be parked behind an earlier event of its sequence. */
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

interface Part {
  readonly topicId: number;
  readonly partition: number;
  readonly tracker: DeliveryTracker | undefined;
  /** Settled offsets of a partition whose holder is elsewhere. */
  readonly foreign: OffsetRanges;
  /** Parked events that were released. */
  readonly released: OffsetRanges;
  settled: number;
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
  /** Whether settlements of partitions held elsewhere have to look at what is parked, and as of when; null = not asked. */
  readonly #foreign: ParkedStand | null;
  readonly #failures: SettlementItem[] = [];
  readonly #parts = new Map<string, Part>();
  readonly #expected = new Map<string, { partition: number; epoch: number; parkedVersion: number | null }>();
  readonly #holders = new Set<HeldPartition>();
  readonly #foreignPartitions = new Set<number>();

  constructor(
    readonly findHolder: FindHolder,
    options: { readonly isTopicOrdered: boolean; readonly foreign: ParkedStand | null },
  ) {
    this.#isTopicOrdered = options.isTopicOrdered;
    this.#foreign = options.foreign;
  }

  get hasForeign(): boolean {
    return this.#foreignPartitions.size > 0;
  }

  /** The partitions of it that are held here. */
  get holders(): ReadonlySet<HeldPartition> {
    return this.#holders;
  }

  get isEmpty(): boolean {
    return this.#expected.size === 0;
  }

  add(item: SettlementItem): void {
    const found = this.findHolder(item.partition);
    const holder = found?.epoch === item.epoch ? found : null;
    const tracker = holder?.trackers.get(item.topicId);
    this.#expect(item.partition, item.epoch, holder);
    if (!isAnswer(item)) return;
    const part = this.#part(item, tracker);
    if (holder === null || tracker === undefined) {
      this.#foreignPartitions.add(item.partition);
      if (item.outcome !== "ack" || this.#foreign?.hasParked !== false) {
        this.specials.push({ item, holder: null, isLive: false, isTakenBack: false });
      } else part.settled += this.#addForeign(part, item);
    } else if (holder.parked.headAt(item.topicId, item.offset) !== undefined) {
      // Of a topic-ordered consumer the flow waits at its head, which is then in flight like any other.
      if (item.outcome === "ack" || item.outcome === "skip") tracker.settle(item.offset, false);
      this.specials.push({ item, holder, isLive: false, isTakenBack: false });
    } else if (this.#isBehindFailure(item) || tracker.isParking(item.offset)) {
      this.specials.push({ item, holder, isLive: false, isTakenBack: true });
    } else if (item.outcome === "ack" && (item.upTo || tracker.isInFlight(item.offset))) {
      tracker.settle(item.offset, item.upTo);
    } else if (tracker.isInFlight(item.offset)) {
      this.#addFailure(item, holder, tracker);
    } else if (holder.parked.size > 0) {
      this.specials.push({ item, holder, isLive: false, isTakenBack: false });
    }
  }

  /** Brings what was passed over to the database: nobody settles it, yet the position has to move. */
  addProgress(holder: HeldPartition): void {
    for (const [topicId, tracker] of holder.trackers) {
      if (!tracker.isBehind) continue;
      this.#expect(holder.partition, holder.epoch, holder);
      this.#part({ topicId, partition: holder.partition, epoch: holder.epoch }, tracker);
    }
  }

  /** Nothing is added any more: takes what waits to be parked in the partitions of this group. */
  seal(): void {
    for (const { topicId, partition, tracker } of this.#parts.values()) {
      for (const it of tracker?.settleParking(MAX_PARKED - this.followers.length) ?? []) {
        const broken = (this.findHolder(partition)?.attemptOf(topicId, it.offset) ?? 1) - 1;
        this.followers.push({ topicId, partition, ...it, broken });
      }
    }
  }

  /** A settlement of a partition held elsewhere counts; of an `upTo` all but those that wait, in ascending order. */
  countForeign(item: SettlementItem, waiting: readonly number[] = []): void {
    const part = this.#part(item, undefined);
    part.settled += this.#addForeign(part, item, waiting);
  }

  countFailure(item: SettlementItem): void {
    this.#partOf(item).failed += 1;
  }

  /**
   * A parked event leaves. Only an earlier layout may have passed it, so that nothing else tells a repeat of its
   * settlement from the first.
   */
  countReleased(item: SettlementItem): void {
    this.#partOf(item).released.add(item.offset, item.offset);
  }

  /** The epochs all of it was delivered under, with the versions of what is parked. */
  get expected(): CursorMerge["expected"] {
    return [...this.#expected.values()];
  }

  /** Call once: it fixes the floors that `commit` takes as known to the database. */
  merge(consumerId: number): CursorMerge {
    const cursors: CursorMerge["cursors"][number][] = [];
    for (const part of this.#parts.values()) {
      const pending = part.tracker?.pending();
      if (pending !== undefined) part.floor = pending[0]?.[1] ?? 0;
      cursors.push({
        topicId: part.topicId,
        partition: part.partition,
        ranges: formatRanges([...(pending ?? part.foreign), ...part.released]),
        settled: part.tracker === undefined ? part.settled : part.tracker.settling,
        failed: part.failed,
      });
    }
    return { consumerId, expected: this.expected, cursors };
  }

  commit(): void {
    for (const { tracker, floor } of this.#parts.values()) {
      tracker?.commit();
      tracker?.flushed(floor);
    }
    for (const holder of this.#holders) holder.parked.reopen();
  }

  rollBack(): void {
    for (const { tracker } of this.#parts.values()) tracker?.rollBack();
    for (const holder of this.#holders) holder.parked.reopen();
  }

  #addFailure(item: SpecialItem["item"], holder: HeldPartition, tracker: DeliveryTracker): void {
    this.specials.push({ item, holder, isLive: true, isTakenBack: false });
    if (item.outcome === "skip") {
      tracker.settle(item.offset, false);
      return;
    }
    if (this.#isTopicOrdered) {
      this.#failures.push(item);
      // The position stays below it; it must not time out a second time while it is being written.
      tracker.suspend(item.offset);
      return;
    }
    const key = tracker.keyOf(item.offset);
    tracker.settle(item.offset, false);
    if (key === null) return;
    holder.parked.close(item.topicId, key, item.offset);
    tracker.takeBack(key, item.offset);
  }

  /** Of a topic-ordered consumer: an earlier event of its partition has failed in this very group. */
  #isBehindFailure({ topicId, partition, offset }: SettlementItem): boolean {
    return this.#failures.some((it) => it.topicId === topicId && it.partition === partition && it.offset < offset);
  }

  #addForeign(part: Part, { offset, upTo }: SettlementItem, waiting: readonly number[] = []): number {
    let from = upTo ? 0 : offset;
    for (const it of waiting) {
      part.foreign.add(from, it - 1);
      from = it + 1;
    }
    part.foreign.add(from, offset);
    return 1;
  }

  #expect(partition: number, epoch: number, holder: HeldPartition | null): void {
    this.#expected.set(`${partition} ${epoch}`, {
      partition,
      epoch,
      parkedVersion: holder === null ? this.#foreignVersion(partition) : holder.parked.version,
    });
    if (holder !== null) this.#holders.add(holder);
  }

  /** An ack counts without a look at what is parked only as long as nothing was, in the very moment it is counted. */
  #foreignVersion(partition: number): number | null {
    if (this.#foreign === null || this.#foreign.hasParked) return null;
    return this.#foreign.versions.get(partition) ?? null;
  }

  #partOf(item: SettlementItem): Part {
    const holder = this.findHolder(item.partition);
    return this.#part(item, holder?.epoch === item.epoch ? holder.trackers.get(item.topicId) : undefined);
  }

  #part(of: { topicId: number; partition: number; epoch: number }, tracker: DeliveryTracker | undefined): Part {
    // By epoch as well: two epochs of one partition in a group are told apart by the database, which refuses one.
    const id = `${of.topicId} ${of.partition} ${of.epoch}`;
    let part = this.#parts.get(id);
    if (part === undefined) {
      part = {
        topicId: of.topicId,
        partition: of.partition,
        tracker,
        foreign: new OffsetRanges(),
        released: new OffsetRanges(),
        settled: 0,
        failed: 0,
        floor: 0,
      };
      this.#parts.set(id, part);
    }
    return part;
  }
}

function isAnswer(item: SettlementItem): item is SpecialItem["item"] {
  return item.outcome !== "extend";
}
