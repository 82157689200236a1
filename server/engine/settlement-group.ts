import type { DeliveryTracker } from "../domain/delivery-tracker.ts";
import { formatRanges, OffsetRanges } from "../domain/offset-ranges.ts";
import type { StateChangeText } from "../domain/state-fold.ts";
import type { CursorMerge } from "../store/settle-cursors-merge.ts";
import type { HeldPartition } from "./held-partition.ts";

/** A settlement with its topic resolved and its state as JSON text. */
export interface SettlementItem {
  readonly topicId: number;
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  readonly offset: number;
  readonly outcome: "ack" | "extend";
  readonly upTo: boolean;
  readonly state: StateChangeText | null;
}

/** Who holds a partition at this instance, if anybody. */
export type FindHolder = (partition: number) => HeldPartition | undefined;

interface Part {
  readonly topicId: number;
  readonly partition: number;
  readonly tracker: DeliveryTracker | undefined;
  /** Settled offsets of a partition whose holder is elsewhere. */
  readonly foreign: OffsetRanges;
  floor: number;
}

/**
 * Settlements that go to the database together. Each is marked in its tracker first, so that the floor they lead to
 * can be computed; `commit` or `rollBack` decides about the marks.
 */
export class SettlementGroup {
  readonly #parts = new Map<string, Part>();
  readonly #expected = new Map<string, { partition: number; epoch: number }>();
  readonly #foreignPartitions = new Set<number>();

  constructor(readonly findHolder: FindHolder) {}

  get hasForeign(): boolean {
    return this.#foreignPartitions.size > 0;
  }

  /** The epochs all of it was delivered under. */
  get expected(): readonly { readonly partition: number; readonly epoch: number }[] {
    return [...this.#expected.values()];
  }

  add(item: SettlementItem): void {
    this.#expect(item.partition, item.epoch);
    const holder = this.findHolder(item.partition);
    const tracker = holder?.epoch === item.epoch ? holder.trackers.get(item.topicId) : undefined;
    if (tracker === undefined) this.#foreignPartitions.add(item.partition);
    if (item.outcome === "extend") return;
    const part = this.#part(item, tracker);
    if (tracker !== undefined) tracker.settle(item.offset, item.upTo);
    else part.foreign.add(item.upTo ? 0 : item.offset, item.offset);
  }

  /** Brings what was passed over to the database: nobody settles it, yet the position has to move. */
  addProgress(holder: HeldPartition): void {
    for (const [topicId, tracker] of holder.trackers) {
      if (!tracker.isBehind) continue;
      this.#expect(holder.partition, holder.epoch);
      this.#part({ topicId, partition: holder.partition, epoch: holder.epoch }, tracker);
    }
  }

  /** Call once: it fixes the floors that `commit` takes as known to the database. */
  merge(consumerId: number): CursorMerge {
    const cursors: CursorMerge["cursors"][number][] = [];
    for (const part of this.#parts.values()) {
      const pending = part.tracker?.pending();
      if (pending !== undefined) part.floor = pending[0]?.[1] ?? 0;
      const ranges = formatRanges(pending ?? part.foreign);
      cursors.push({ topicId: part.topicId, partition: part.partition, ranges });
    }
    return { consumerId, expected: this.expected, cursors };
  }

  commit(): void {
    for (const { tracker, floor } of this.#parts.values()) {
      tracker?.commit();
      tracker?.flushed(floor);
    }
  }

  rollBack(): void {
    for (const { tracker } of this.#parts.values()) tracker?.rollBack();
  }

  #expect(partition: number, epoch: number): void {
    this.#expected.set(`${partition} ${epoch}`, { partition, epoch });
  }

  #part(of: { topicId: number; partition: number; epoch: number }, tracker: DeliveryTracker | undefined): Part {
    // By epoch as well: two epochs of one partition in a group are told apart by the database, which refuses one.
    const id = `${of.topicId} ${of.partition} ${of.epoch}`;
    let part = this.#parts.get(id);
    if (part === undefined) {
      part = { topicId: of.topicId, partition: of.partition, tracker, foreign: new OffsetRanges(), floor: 0 };
      this.#parts.set(id, part);
    }
    return part;
  }
}
