import type { EventRow } from "../../contract/events.ts";
import { formatRanges, OffsetRanges } from "../../domain/offset-ranges.ts";
import type { Begun, PartitionFlow, ToPark } from "../../domain/partition-flow.ts";
import type { StateChangeText } from "../../domain/state-fold.ts";
import type { StoredError } from "../../store/parked/settle-write.ts";
import type { CursorMerge } from "../../store/settling/cursors-merge.ts";
import type { HeldPartition } from "../partitions/held-partition.ts";

/** A settlement with its topic resolved and its state as JSON text. */
export interface SettlementItem {
  /** 0 with an `extend` that speaks of the whole partition. */
  readonly topicId: number;
  readonly topic: string;
  readonly partition: number;
  readonly epoch: number;
  /** 0 with an `extend` that speaks of all that is in flight. */
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

/** An answer to a delivery; an extension is none. */
export type Answer = SettlementItem & { readonly outcome: "ack" | "retry" | "dead-letter" | "skip" };

/** A settlement that is more than an ack of a live delivery: what it does depends on what is parked. */
export interface SpecialItem {
  readonly item: Answer;
  readonly holder: HeldPartition;
  readonly begun: Exclude<Begun, "undelivered">;
}

/** An event that goes to the parked ones without a settlement. */
export interface FollowerToPark extends ToPark {
  readonly topicId: number;
  readonly partition: number;
  /** Deliveries of it that broke off. */
  readonly broken: number;
  readonly isReplay: boolean;
}

/** Who holds a partition at this instance, if anybody. */
export type FindHolder = (partition: number) => HeldPartition | undefined;

/** Whether a partition is held here under the epoch of a settlement. */
export function isHeldHere(findHolder: FindHolder, item: SettlementItem): boolean {
  return findHolder(item.partition)?.epoch === item.epoch;
}

interface Part {
  readonly topicId: number;
  readonly held: HeldPartition;
  readonly flow: PartitionFlow<EventRow>;
  /** Settled without having been in flight here: parked events that left, and what another instance delivered. */
  readonly apart: OffsetRanges;
  failed: number;
  floor: number;
}

/** How many followers one group parks at most; the others go with the next. */
const MAX_PARKED = 1_000;

/**
 * Settlements that go to the database together. Each is marked in its flow first, so that the floor they lead to can be
 * computed; `commit` or `rollBack` decides about the marks.
 */
export class SettlementGroup {
  /** To be decided on what is parked, in the order in which they came. */
  readonly specials: SpecialItem[] = [];
  readonly followers: FollowerToPark[] = [];
  /** Acks of live deliveries. */
  readonly #counted = new Set<SettlementItem>();
  /** While the breaker is open: of what was in flight. */
  readonly #numbers = new Map<SettlementItem, number>();
  readonly #isProbed: boolean;
  readonly #parts = new Map<string, Part>();
  readonly #holders = new Set<HeldPartition>();

  /** @param isProbed the breaker is open: it matters which delivery a settlement answers */
  constructor(
    readonly findHolder: FindHolder,
    { isProbed }: { readonly isProbed: boolean },
  ) {
    this.#isProbed = isProbed;
  }

  /** The partitions of it. */
  get holders(): ReadonlySet<HeldPartition> {
    return this.#holders;
  }

  get isEmpty(): boolean {
    return this.#holders.size === 0;
  }

  /** Acks of live deliveries. */
  get counted(): ReadonlySet<SettlementItem> {
    return this.#counted;
  }

  /** While the breaker is open: the number of the delivery that a settlement answers, if that was in flight. */
  numberOf(item: SettlementItem): number | undefined {
    return this.#numbers.get(item);
  }

  /** Whether a settlement is the ack of a delivery that was in flight, and no repeat. */
  counts(item: SettlementItem): boolean {
    return this.#counted.has(item);
  }

  /** Of a partition that is held here. False: it was never delivered from there. */
  add(item: SettlementItem): boolean {
    const holder = this.findHolder(item.partition);
    if (holder === undefined) return false;
    this.#holders.add(holder);
    if (!isAnswer(item)) return true;
    const flow = holder.flows.get(item.topicId);
    if (flow === undefined) return false;
    this.#part(holder, item.topicId, flow);
    const number = this.#isProbed ? flow.numberOf(item.offset) : undefined;
    if (number !== undefined) this.#numbers.set(item, number);
    const begun = flow.begin(item);
    if (begun === "undelivered") return false;
    if (begun === "live" && item.outcome === "ack") this.#counted.add(item);
    else this.specials.push({ item, holder, begun });
    return true;
  }

  /** Brings what was passed over to the database: nobody settles it, yet the position has to move. */
  addProgress(holder: HeldPartition): void {
    for (const [topicId, flow] of holder.flows) {
      if (!flow.isBehind) continue;
      this.#holders.add(holder);
      this.#part(holder, topicId, flow);
    }
  }

  /** Nothing is added any more: takes what waits to be parked in the partitions of this group. */
  seal(): void {
    for (const { topicId, held, flow } of this.#parts.values()) {
      for (const it of flow.beginParking(MAX_PARKED - this.followers.length)) {
        const { offset, key, type, isAlone } = it;
        const broken = flow.attemptOf(offset) - 1;
        const isReplay = held.wasHandled(topicId, it);
        this.followers.push({ topicId, partition: held.partition, offset, key, type, isAlone, broken, isReplay });
      }
    }
  }

  countFailure(item: SettlementItem): void {
    const part = this.#parts.get(partName(item));
    if (part !== undefined) part.failed += 1;
  }

  /** Nothing else would tell a repeat of its settlement from the first: an earlier layout may have passed it. */
  countApart(item: SettlementItem): void {
    this.#parts.get(partName(item))?.apart.add(item.offset, item.offset);
  }

  /** The epochs all of it was delivered under, with the versions of what is parked. */
  get expected(): CursorMerge["expected"] {
    return Array.from(this.#holders, ({ partition, epoch, parkedVersion }) => ({ partition, epoch, parkedVersion }));
  }

  /** Call once: it fixes the floors that `commit` takes as known to the database. */
  merge(consumerId: number, holder: string): CursorMerge {
    const cursors = Array.from(this.#parts.values(), (part): CursorMerge["cursors"][number] => {
      const { topicId, held, flow, apart, failed } = part;
      const pending = flow.pending();
      part.floor = pending[0]?.[1] ?? 0;
      const ranges = formatRanges([...pending, ...apart]);
      return { topicId, partition: held.partition, ranges, settled: flow.settling, failed };
    });
    return { consumerId, holder, expected: this.expected, cursors };
  }

  commit(): void {
    for (const { flow, floor, apart } of this.#parts.values()) {
      for (const [from, to] of apart) for (let offset = from; offset <= to; offset++) flow.passBy(offset);
      flow.commit(floor);
    }
  }

  rollBack(): void {
    for (const { flow } of this.#parts.values()) flow.rollBack();
  }

  #part(held: HeldPartition, topicId: number, flow: PartitionFlow<EventRow>): void {
    const name = partName({ topicId, partition: held.partition });
    if (this.#parts.has(name)) return;
    this.#parts.set(name, { topicId, held, flow, apart: new OffsetRanges(), failed: 0, floor: 0 });
  }
}

function partName({ topicId, partition }: { readonly topicId: number; readonly partition: number }): string {
  return `${topicId} ${partition}`;
}

export function isAnswer(item: SettlementItem): item is Answer {
  return item.outcome !== "extend";
}
