// biome-ignore-all lint/style/noExcessiveLinesPerFile: one state machine; its states make sense only side by side
import { DueQueue } from "./due-queue.ts";
import { FlowEntries } from "./flow-entries.ts";
import { type OffsetRange, OffsetRanges } from "./offset-ranges.ts";
import type { Ordering } from "./sequence.ts";

/** Where a consumer stands in one topic, for one partition. */
export interface CursorState {
  readonly position: number;
  /** Settled above the position. */
  readonly settled: OffsetRanges;
}

/** The first parked event of a sequence, as the holder of its partition knows it. */
export interface ParkedHead {
  readonly offset: number;
  readonly key: string | null;
  /** Deliveries that have failed or broken off. */
  readonly attempt: number;
  /** A letter: it is delivered no more, and what comes after it waits. */
  readonly isDead: boolean;
  /** When it is delivered again, in monotonic milliseconds. */
  readonly dueAt: number;
  readonly operationId: string | null;
  readonly isReplay: boolean;
  /** How often it was lost with nothing beside it in flight; null = it is delivered beside others. */
  readonly lostAlone: number | null;
}

/** Deliveries of one event that broke off, one after the other, since it last failed. */
export interface BrokenOff {
  readonly count: number;
  /** Those that ended with the session of their member, and not because the server stopped. */
  readonly lost: number;
}

export interface FlowEvent {
  readonly offset: number;
  readonly key: string | null;
  readonly type: string;
}

/** What the flow makes of the next event that the reader found. */
export type Offer =
  /** Nothing is to be done: it was settled, or its own row will deliver it. */
  | "pass"
  /** It may be delivered now: `deliver` follows, or the scan stops before it. */
  | "deliver"
  /** An event of its sequence is with the member: it waits in memory. */
  | "wait"
  /** An event of its sequence is parked: it is parked behind that. */
  | "park"
  /** Nothing more can be taken: the scan stops before it. */
  | "full";

/** What a settlement speaks of. */
export type Begun =
  /** A delivery in flight: the settlement counts, and is marked. */
  | "live"
  /** The head of a parked sequence: its row decides. */
  | "head"
  /** It was finished before; its row decides, where it has one. */
  | "past"
  /** It may have been delivered by another instance: row and cursor decide. */
  | "assumed"
  /** Another settlement of the same group counts already. */
  | "repeat"
  /** The delivery was taken back: the event comes again in its turn. */
  | "superseded"
  /** It was never delivered. */
  | "undelivered";

export interface Begin {
  readonly offset: number;
  readonly outcome: "ack" | "retry" | "dead-letter" | "skip";
}

/** An event that goes to the parked ones in the next group. */
export interface ToPark extends FlowEvent {
  /** It took down its members too often: it is tried again alone. */
  readonly isAlone: boolean;
}

type State = "in-flight" | "waiting" | "parking" | "void" | "settling" | "settled";

interface Entry<Row> extends FlowEvent {
  readonly sequence: Sequence<Row> | null;
  readonly isAlone: boolean;
  state: State;
  /** What it was before it was being settled. */
  from: State;
  /** Its failure is being written. */
  isFailing: boolean;
  /** Number of its delivery in the session; 0 = it was not delivered. */
  number: number;
  /** Kept while it waits. */
  row: Row | null;
}

/** What is known of the events of one key, or of all events where the order is the topic's. */
interface Sequence<Row> {
  readonly name: string;
  /** Deliveries not settled, those being settled included. */
  unsettled: number;
  /** Of those being settled, failures. */
  failing: number;
  /** To be parked. */
  parking: number;
  /** None of those comes before it. */
  parkingFrom: number;
  /** Of those, to be tried alone. */
  alone: number;
  waiting: Entry<Row>[];
  head: Slot | null;
}

interface Slot {
  readonly head: ParkedHead;
  readonly dueAt: number;
  readonly offset: number;
  /** Number of its delivery; null = it is not in flight. */
  number: number | null;
  /** Another head, or none, has taken its place. */
  isGone: boolean;
}

/** Events that wait in memory and events to be parked, together, at which the scan stops. */
const MAX_HELD_BACK = 1_000;
/** Deliveries lost beside others after which an event is tried alone: one may be anybody's fault. */
const LOST_TOGETHER = 2;
const WHOLE_TOPIC = "";

export interface FlowStart {
  readonly ordering: Ordering;
  readonly isPipelined: boolean;
  readonly cursor: CursorState;
  readonly heads?: Iterable<ParkedHead>;
  /** Discarded events that the flow has not passed: it must not deliver them. */
  readonly discardedAhead?: Iterable<number>;
  readonly broken?: ReadonlyMap<number, BrokenOff>;
  /** What another instance may have delivered under this epoch. */
  readonly assumed?: OffsetRanges;
  /** Instead of `MAX_HELD_BACK`. */
  readonly maxHeldBack?: number;
}

/**
 * One topic of a held partition, as its holder knows it: which offsets were looked at, which are in flight, wait or are
 * to be parked, which sequences stand behind a parked event. It decides what may be delivered and what a settlement
 * means. It does no I/O and knows no clock: whatever is settled is marked first (`begin`), then the database writes, and
 * `commit` or `rollBack` says what came of it. Only the holder settles, so the database holds nothing that is not here,
 * but for what operators do to parked events: that comes by `mirror`.
 *
 * Rule: of one sequence at most one event is unsettled with a member that did not ask for more (strict order). A later
 * one waits, or is parked behind a parked one. A pipelined member gets later ones as well, and they are taken back when
 * an earlier one fails.
 */
export class PartitionFlow<Row> {
  readonly #ordering: Ordering;
  isPipelined: boolean;
  readonly #ahead: OffsetRanges;
  readonly #broken: Map<number, BrokenOff>;
  readonly #assumed: OffsetRanges;
  readonly #maxHeldBack: number;
  #scanned: number;
  #furthest: number;
  #flushed: number;
  readonly #entries = new FlowEntries<Entry<Row>>();
  readonly #sequences = new Map<string, Sequence<Row>>();
  readonly #slots = new Map<number, Slot>();
  #headsInFlight = 0;
  #inFlight = 0;
  #waiting = 0;
  #parking = 0;
  #discarded: Set<number>;
  /** Heads that wait, by their time. What has gone stands in it until it comes to the front. */
  readonly #due = new DueQueue<Slot>();
  /** Were due, and something of their sequence is with the member. */
  #unready: Slot[] = [];
  /** May be delivered now, in this order. */
  #ready: Entry<Row>[] = [];
  /** Of the group that is being settled. */
  #begun = new Map<number, Begin["outcome"]>();
  #settling: Entry<Row>[] = [];
  #takenBack: { readonly entry: Entry<Row>; readonly from: State }[] = [];
  #ended: number[] = [];

  constructor(start: FlowStart) {
    this.#ordering = start.ordering;
    this.isPipelined = start.isPipelined;
    this.#ahead = start.cursor.settled;
    this.#scanned = start.cursor.position;
    this.#furthest = start.cursor.position;
    this.#flushed = start.cursor.position;
    this.#discarded = new Set(start.discardedAhead);
    this.#broken = new Map(start.broken);
    this.#assumed = start.assumed ?? new OffsetRanges();
    this.#maxHeldBack = start.maxHeldBack ?? MAX_HELD_BACK;
    for (const head of start.heads ?? []) this.#put(head, null);
  }

  /** Every offset up to here was looked at. */
  get scanned(): number {
    return this.#scanned;
  }

  /**
   * Whatever up to here is not in flight now is not with the member, and does not come to be that, what is parked
   * excepted.
   */
  get deliveredThrough(): number {
    if (this.#assumed.last > this.floor) return this.floor;
    const first = this.#waiting === 0 ? undefined : this.#entries.firstUnfinished((it) => it.state !== "waiting");
    return first === undefined ? this.#scanned : first.offset - 1;
  }

  /** Deliveries that are with the member, parked events included. */
  get inFlight(): number {
    return this.#inFlight + this.#headsInFlight;
  }

  get headsInFlight(): number {
    return this.#headsInFlight;
  }

  /** Events held in memory until one before them is settled. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Events that the database does not know to be parked yet. */
  get parking(): number {
    return this.#parking;
  }

  /** Sequences that stand behind a parked event. */
  get blocked(): number {
    return this.#slots.size;
  }

  /** Everything up to here is done, what is being settled excepted. */
  get floor(): number {
    const first = this.#entries.first;
    return first === undefined ? this.#scanned : first.offset - 1;
  }

  /** The database does not know all yet that is known here. */
  get isBehind(): boolean {
    return this.#parking > 0 || this.floor > this.#flushed;
  }

  /** Where the order is the topic's, nothing is read past a parked event. */
  get isClosed(): boolean {
    if (this.#ordering === "key") return false;
    const sequence = this.#sequences.get(WHOLE_TOPIC);
    if (sequence === undefined) return false;
    if (sequence.failing > 0 || sequence.parking > 0) return true;
    return sequence.head !== null && sequence.head.offset <= this.#scanned;
  }

  /** The number of the next delivery of an event that is not parked: one more than have broken off. */
  attemptOf(offset: number): number {
    const head = this.headAt(offset);
    if (head !== undefined) return head.attempt + 1;
    return this.#broken.size === 0 ? 1 : (this.#broken.get(offset)?.count ?? 0) + 1;
  }

  /** Whether `begin` would find something that the member can have been given. */
  mayHaveDelivered(offset: number): boolean {
    const entry = this.#entries.at(offset);
    if (entry?.state === "waiting") return this.isAssumed(offset);
    return offset <= this.#furthest || this.#slots.has(offset) || this.#ahead.has(offset) || this.isAssumed(offset);
  }

  /** Whether another instance may have given the event to the same session before. */
  isAssumed(offset: number): boolean {
    return this.#assumed.size > 0 && this.#assumed.has(offset);
  }

  /** What is to be done with the next event; offsets must rise. `wait` and `park` are done by this, `deliver` is not. */
  offer(event: FlowEvent, row: Row): Offer {
    const { offset } = event;
    if (offset <= this.#scanned || this.#ahead.has(offset) || this.#discarded.has(offset)) return "pass";
    if (this.isClosed) return "full";
    const sequence = this.#sequenceOf(event.key);
    const head = sequence === null ? this.#slots.get(offset) : sequence.head;
    if (head?.offset === offset) {
      // The row delivers it. The scan stands at it, so that nothing is read past it where the order is the topic's.
      this.#look(offset);
      return "pass";
    }
    // The member has it from another instance, and its settlement is being written.
    if (this.#begun.has(offset)) return "full";
    // What comes of a failure that is being written is not known yet, nor whether the events behind it are parked.
    if (sequence !== null && sequence.failing === 0 && isBlockedAt(sequence, offset)) {
      return this.#ordering === "topic" ? "full" : this.#park(event, sequence);
    }
    if (sequence !== null && this.#isBusy(sequence)) return this.#wait(event, { sequence, row });
    if (this.#isDangerous(offset)) {
      if (sequence !== null && sequence.unsettled > 0) return this.#wait(event, { sequence, row });
      return this.#park(event, this.#sequenceFor(event.key));
    }
    return "deliver";
  }

  /** An event of it is with the member, or its failure is being written. */
  #isBusy({ waiting, unsettled, failing }: Sequence<Row>): boolean {
    return waiting.length > 0 || failing > 0 || (unsettled > 0 && !this.isPipelined);
  }

  /** Takes the offered event in flight, as the delivery of this number. */
  deliver(event: FlowEvent, number: number): void {
    const entry = this.#enter(event, { state: "in-flight", sequence: this.#sequenceFor(event.key), row: null });
    entry.number = number;
    this.#inFlight += 1;
    if (entry.sequence !== null) entry.sequence.unsettled += 1;
  }

  /** Everything up to `offset` that was not taken is passed over. */
  passTo(offset: number): void {
    if (offset > this.#scanned) this.#look(offset);
  }

  /** The next event that has waited and may be delivered now. */
  firstReady(): (FlowEvent & { readonly row: Row }) | undefined {
    for (let entry = this.#ready[0]; entry !== undefined; entry = this.#ready[0]) {
      if (entry.state === "waiting" && entry.row !== null) return entry as Entry<Row> & { row: Row };
      this.#ready.shift();
    }
    return undefined;
  }

  /** Takes the first ready one in flight. */
  deliverReady(number: number): void {
    const entry = this.#ready.shift();
    if (entry?.state !== "waiting" || entry.sequence === null) throw new Error("nothing is ready");
    this.#leaveWaiting(entry, "in-flight");
    entry.number = number;
    entry.sequence.unsettled += 1;
    this.#inFlight += 1;
    if (this.isPipelined) this.#wake(entry.sequence);
  }

  /** Heads to be delivered now, those that waited longest first. */
  due(now: number, limit: number): ParkedHead[] {
    if (limit <= 0) return [];
    this.#unready = this.#unready.filter((slot) => {
      if (slot.isGone || slot.number !== null) return false;
      if (!this.#isReady(slot)) return true;
      this.#due.push(slot);
      return false;
    });
    const due: Slot[] = [];
    while (due.length < limit) {
      const slot = this.#firstDue();
      if (slot === undefined || slot.dueAt > now) break;
      this.#due.shift();
      if (this.#isReady(slot)) due.push(slot);
      else this.#unready.push(slot);
    }
    // They wait until `deliverHead` says that they are in flight.
    for (const slot of due) this.#due.push(slot);
    return due.map((it) => it.head);
  }

  /** No head becomes due before this by itself; undefined when none will. */
  nextDueAt(): number | undefined {
    return this.#firstDue()?.dueAt;
  }

  /** Takes a head in flight. False when it is not there any more, or is in flight, or its sequence is not free. */
  deliverHead(head: ParkedHead, number: number): boolean {
    const slot = this.#slots.get(head.offset);
    if (slot === undefined || slot.head !== head || slot.number !== null || !this.#isReady(slot)) return false;
    slot.number = number;
    this.#headsInFlight += 1;
    return true;
  }

  /** The head that is parked at an offset. */
  headAt(offset: number): ParkedHead | undefined {
    return this.#slots.size === 0 ? undefined : this.#slots.get(offset)?.head;
  }

  /** Of a consumer whose order is the topic's: what the flow stands before. */
  get topicHead(): ParkedHead | undefined {
    return this.#ordering === "key" ? undefined : this.#sequences.get(WHOLE_TOPIC)?.head?.head;
  }

  /** What is with the member. */
  *inFlightDeliveries(): Generator<{ readonly offset: number; readonly attempt: number }> {
    for (const { offset, number } of this.#slots.values()) {
      if (number !== null) yield { offset, attempt: this.attemptOf(offset) };
    }
    for (const entry of this.#entries.from()) {
      if (isWithMember(entry)) yield { offset: entry.offset, attempt: this.attemptOf(entry.offset) };
    }
  }

  /** The number of the delivery of an event in flight. */
  numberOf(offset: number): number | undefined {
    const number = this.#slots.get(offset)?.number;
    if (number !== null && number !== undefined) return number;
    const entry = this.#entries.at(offset);
    return entry !== undefined && isWithMember(entry) ? entry.number : undefined;
  }

  /** Marks what a settlement speaks of; `commit` or `rollBack` follows. */
  begin({ offset, outcome }: Begin): Begun {
    const before = this.#begun.get(offset);
    if (before !== undefined) return before === outcome ? "repeat" : "superseded";
    const begun = this.#begin({ offset, outcome });
    if (begun === "live" || begun === "head" || begun === "assumed") this.#begun.set(offset, outcome);
    return begun;
  }

  /** Takes what waits to be parked, at most `max`, as being settled. */
  beginParking(max: number): ToPark[] {
    const taken: ToPark[] = [];
    if (this.#parking === 0) return taken;
    for (const entry of this.#entries.from()) {
      if (taken.length >= max) break;
      if (entry.state !== "parking") continue;
      this.#mark(entry);
      taken.push(entry);
    }
    return taken;
  }

  /**
   * What the database has to merge so that all being settled counts: everything up to the new floor, and above it each
   * settled delivery together with what was passed over just before it, so that neighbours melt into one range.
   */
  pending(): OffsetRange[] {
    const floor = this.#nextFloor();
    const ranges: OffsetRange[] = [[0, floor]];
    for (const { offset } of this.#settling) {
      if (offset > floor) ranges.push([(this.#entries.before(offset)?.offset ?? floor) + 1, offset]);
    }
    return ranges;
  }

  /** How many deliveries are being settled, parked heads excepted. */
  get settling(): number {
    return this.#settling.length;
  }

  /** The database has written all that was begun, and merged everything up to `floor`. */
  commit(floor: number): void {
    let failed = Number.POSITIVE_INFINITY;
    const touched = new Set<Sequence<Row>>();
    for (const entry of this.#settling) {
      if (entry.isFailing && entry.offset < failed) failed = entry.offset;
      this.#unmark(entry);
      this.#finish(entry, entry.from);
      entry.state = "settled";
      if (entry.sequence !== null) touched.add(entry.sequence);
    }
    for (const it of this.#takenBack) this.#endTakenBack(it);
    // What the member has answered to is held against it no more.
    if (this.#broken.size > 0) for (const offset of this.#begun.keys()) this.#broken.delete(offset);
    this.#settling = [];
    this.#takenBack = [];
    this.#begun.clear();
    if (this.#ordering === "topic" && failed !== Number.POSITIVE_INFINITY) this.#rewindTo(failed);
    if (floor > this.#flushed) this.#flushed = floor;
    this.#entries.dropWhile(isSettled);
    for (const sequence of touched) this.#wake(sequence);
  }

  /** Nothing was written: all is as it was before. */
  rollBack(): void {
    const woken = new Set<Sequence<Row>>();
    for (const { entry, from } of this.#takenBack) this.#giveBack(entry, from);
    for (const entry of this.#settling) {
      this.#unmark(entry);
      entry.state = entry.from;
      if (entry.from !== "waiting" || entry.sequence === null) continue;
      this.#inFlight -= 1;
      entry.sequence.unsettled -= 1;
      this.#putBackWaiting(entry);
      woken.add(entry.sequence);
    }
    this.#settling = [];
    this.#takenBack = [];
    this.#begun.clear();
    for (const sequence of woken) this.#wake(sequence);
  }

  /** An event that another instance may have delivered was settled before the flow came by it. */
  passBy(offset: number): void {
    if (offset > this.#scanned) this.#ahead.add(offset, offset);
  }

  /** Takes over which head a sequence has now; null = nothing of it is parked. Found by any event of the sequence. */
  setHead(of: { readonly key: string | null; readonly offset: number }, head: ParkedHead | null): void {
    const sequence = this.#sequenceOf(of.key);
    const before = sequence === null ? this.#slots.get(of.offset) : (sequence.head ?? undefined);
    const number = before !== undefined && head !== null && isSame(before.head, head) ? before.number : null;
    if (before !== undefined) this.#remove(before, number !== null);
    if (head !== null) this.#put(head, number);
    const after = this.#sequenceOf(of.key);
    if (after !== null) this.#wake(after);
  }

  /**
   * Takes over all heads as they are in the database: operators have changed what is parked. What is in flight of them
   * stays so where the row has not changed, and live deliveries stay live: who has them may be done.
   */
  mirror(heads: readonly ParkedHead[], discardedAhead: Iterable<number>): void {
    this.#discarded = new Set(discardedAhead);
    const before = new Map(this.#slots);
    const kept = new Set<Slot>();
    const numbers = heads.map((head) => {
      const slot = before.get(head.offset);
      if (slot === undefined || slot.number === null || !isSame(slot.head, head)) return null;
      kept.add(slot);
      return slot.number;
    });
    for (const slot of before.values()) this.#remove(slot, kept.has(slot));
    this.#due.keep(() => false);
    this.#unready = [];
    heads.forEach((head, i) => {
      this.#put(head, numbers[i] ?? null);
    });
    for (const sequence of [...this.#sequences.values()]) this.#wake(sequence);
  }

  /**
   * It is not known whether the last group was written: takes over what the database says. Events that it covers are
   * finished here as well. Returns the heads behind which deliveries were taken back.
   */
  reconcile(
    cursor: CursorState,
    parked: { readonly heads: readonly ParkedHead[]; readonly discardedAhead: Iterable<number> },
  ): ParkedHead[] {
    const finished: Entry<Row>[] = [];
    for (const entry of this.#entries.from()) {
      const isCovered = entry.offset <= cursor.position || cursor.settled.has(entry.offset);
      if (!isCovered || entry.state === "settled") continue;
      if (entry.state === "waiting") this.#takeFromWaiting(entry);
      else this.#finish(entry, entry.state);
      if (entry.state === "in-flight") finished.push(entry);
      entry.state = "settled";
    }
    for (const [from, to] of cursor.settled) this.#ahead.add(Math.max(from, this.#scanned + 1), to);
    if (cursor.position > this.#scanned) {
      // A rewind must not forget what was settled before the flow came by it.
      this.#ahead.add(this.#scanned + 1, cursor.position);
      this.#look(cursor.position);
    }
    if (cursor.position > this.#flushed) this.#flushed = cursor.position;
    this.mirror(parked.heads, parked.discardedAhead);
    const told: ParkedHead[] = [];
    for (const entry of finished) {
      const head = this.headAt(entry.offset);
      if (head === undefined || entry.sequence === null) continue;
      this.#fail(entry, entry.sequence);
      told.push(head);
      const taken = this.#takenBack.splice(0);
      for (const it of taken) this.#endTakenBack(it);
      if (this.#ordering === "topic") this.#rewindTo(entry.offset);
    }
    this.#entries.dropWhile(isSettled);
    return told;
  }

  /** The numbers of deliveries that are over since the last call. */
  takeEnded(): number[] {
    const ended = this.#ended;
    if (ended.length > 0) this.#ended = [];
    return ended;
  }

  #begin({ offset, outcome }: Begin): Begun {
    const slot = this.#slots.get(offset);
    if (slot !== undefined) return "head";
    const entry = this.#entries.at(offset);
    if (entry === undefined) {
      if (offset <= this.#scanned || this.#ahead.has(offset)) return "past";
      if (this.isAssumed(offset)) return "assumed";
      return offset <= this.#furthest ? "superseded" : "undelivered";
    }
    switch (entry.state) {
      case "settled":
        return "past";
      case "parking":
      case "void":
      case "settling":
        return "superseded";
      case "waiting":
        if (!this.isAssumed(offset)) return "undelivered";
        break;
      case "in-flight":
    }
    this.#mark(entry);
    if (entry.from === "waiting") {
      this.#takeFromWaiting(entry);
      this.#inFlight += 1;
      if (entry.sequence !== null) entry.sequence.unsettled += 1;
    }
    if ((outcome === "retry" || outcome === "dead-letter") && entry.sequence !== null) {
      entry.isFailing = true;
      entry.sequence.failing += 1;
      this.#fail(entry, entry.sequence);
    }
    return "live";
  }

  /** Later events of the sequence are taken back; of pipelined members, those in flight as well. */
  #fail(failed: FlowEvent, sequence: Sequence<Row>): void {
    for (const entry of this.#entries.from(failed.offset + 1)) {
      if (entry.sequence !== sequence || (entry.state !== "in-flight" && entry.state !== "waiting")) continue;
      this.#takenBack.push({ entry, from: entry.state });
      if (entry.state === "waiting") this.#takeFromWaiting(entry);
      else sequence.unsettled -= 1;
      entry.state = this.#ordering === "topic" ? "void" : "parking";
      if (entry.state === "parking") this.#countParking(entry, 1);
    }
  }

  /** Until now the member had it: it took a place. */
  #endTakenBack({ entry, from }: { readonly entry: Entry<Row>; readonly from: State }): void {
    if (from === "in-flight") this.#inFlight -= 1;
    if (entry.number > 0) this.#ended.push(entry.number);
  }

  #giveBack(entry: Entry<Row>, from: State): void {
    // It may be being parked in this very group.
    if (entry.state === "parking" || (entry.state === "settling" && entry.from === "parking")) {
      this.#countParking(entry, -1);
    }
    if (entry.state === "settling") this.#settling = this.#settling.filter((it) => it !== entry);
    entry.state = from;
    if (from === "in-flight") {
      if (entry.sequence !== null) entry.sequence.unsettled += 1;
    } else this.#putBackWaiting(entry);
  }

  #putBackWaiting(entry: Entry<Row>): void {
    this.#waiting += 1;
    entry.sequence?.waiting.push(entry);
    entry.sequence?.waiting.sort((a, b) => a.offset - b.offset);
  }

  #mark(entry: Entry<Row>): void {
    entry.from = entry.state;
    entry.state = "settling";
    this.#settling.push(entry);
  }

  #unmark(entry: Entry<Row>): void {
    if (!entry.isFailing) return;
    entry.isFailing = false;
    if (entry.sequence !== null) entry.sequence.failing -= 1;
  }

  #finish(entry: Entry<Row>, from: State): void {
    entry.row = null;
    if (from === "parking") this.#countParking(entry, -1);
    else {
      this.#inFlight -= 1;
      if (entry.sequence !== null) entry.sequence.unsettled -= 1;
      if (entry.number > 0) this.#ended.push(entry.number);
    }
  }

  /** Forgets that anything after `offset` was looked at: what is not settled of it is delivered anew. */
  #rewindTo(offset: number): void {
    for (const entry of this.#entries.cut(offset + 1)) {
      if (entry.state === "settled") this.#ahead.add(entry.offset, entry.offset);
      else if (entry.state === "waiting") this.#leaveWaiting(entry, "void");
      else if (entry.state === "parking") this.#countParking(entry, -1);
      else if (entry.state === "in-flight") throw new Error(`${entry.offset} is in flight after ${offset}`);
    }
    this.#scanned = offset;
  }

  #park(event: FlowEvent, sequence: Sequence<Row> | null): Offer {
    if (this.#waiting + this.#parking >= this.#maxHeldBack) return "full";
    this.#countParking(this.#enter(event, { state: "parking", sequence, row: null }), 1);
    return "park";
  }

  #wait(event: FlowEvent, { sequence, row }: { sequence: Sequence<Row>; row: Row }): Offer {
    if (this.#waiting + this.#parking >= this.#maxHeldBack) return "full";
    sequence.waiting.push(this.#enter(event, { state: "waiting", sequence, row }));
    this.#waiting += 1;
    return "wait";
  }

  #enter(
    { offset, key, type }: FlowEvent,
    { state, sequence, row }: { state: State; sequence: Sequence<Row> | null; row: Row | null },
  ): Entry<Row> {
    if (offset <= this.#scanned) throw new Error(`offset ${offset} was looked at before (${this.#scanned})`);
    this.#look(offset);
    const isAlone = this.#isDangerous(offset);
    const isFailing = false;
    const entry: Entry<Row> = { offset, key, type, sequence, isAlone, state, from: state, isFailing, number: 0, row };
    this.#entries.push(entry);
    return entry;
  }

  #isDangerous(offset: number): boolean {
    return this.#broken.size > 0 && (this.#broken.get(offset)?.lost ?? 0) >= LOST_TOGETHER;
  }

  #countParking(entry: Entry<Row>, change: 1 | -1): void {
    this.#parking += change;
    if (entry.sequence === null) return;
    const { sequence } = entry;
    sequence.parking += change;
    if (sequence.parking === 0) sequence.parkingFrom = Number.POSITIVE_INFINITY;
    else if (change > 0) sequence.parkingFrom = Math.min(sequence.parkingFrom, entry.offset);
    if (entry.isAlone) sequence.alone += change;
  }

  #takeFromWaiting(entry: Entry<Row>): void {
    if (entry.sequence !== null) entry.sequence.waiting = entry.sequence.waiting.filter((it) => it !== entry);
    this.#waiting -= 1;
  }

  #leaveWaiting(entry: Entry<Row>, state: State): void {
    this.#takeFromWaiting(entry);
    entry.state = state;
    entry.row = null;
  }

  /** After something of a sequence has ended: what waits is parked behind a head, or its first may go. */
  #wake(sequence: Sequence<Row>): void {
    const first = sequence.waiting[0];
    if (first === undefined) {
      if (isIdle(sequence)) this.#sequences.delete(sequence.name);
      return;
    }
    if (isBlockedAt(sequence, first.offset)) {
      this.#parkWaiting(sequence);
      return;
    }
    if (sequence.failing > 0 || (sequence.unsettled > 0 && !(this.isPipelined && !first.isAlone))) return;
    if (first.isAlone) {
      this.#leaveWaiting(first, "parking");
      this.#countParking(first, 1);
      this.#wake(sequence);
      return;
    }
    if (!this.#ready.includes(first)) this.#ready.push(first);
  }

  /** Where the order is the topic's they are let go, and looked at again once the head has left. */
  #parkWaiting(sequence: Sequence<Row>): void {
    if (this.#ordering === "topic") {
      const first = sequence.waiting[0];
      if (first !== undefined) this.#rewindTo(first.offset - 1);
      return;
    }
    for (const entry of [...sequence.waiting]) {
      this.#leaveWaiting(entry, "parking");
      this.#countParking(entry, 1);
    }
  }

  /**
   * A head may be delivered once the flow has passed it and nothing of its sequence is with the member. After a move back,
   * an event before it may be on its way to the parked ones: that is to be the head.
   */
  #isReady(slot: Slot): boolean {
    if (slot.offset > this.#scanned) return false;
    const sequence = this.#sequenceOf(slot.head.key);
    if (sequence === null) return true;
    if (sequence.parkingFrom < slot.offset) return false;
    return sequence.unsettled === 0 && sequence.waiting.length === 0 && sequence.alone === 0;
  }

  #firstDue(): Slot | undefined {
    for (let slot = this.#due.first; slot !== undefined; slot = this.#due.first) {
      if (!slot.isGone && slot.number === null) return slot;
      this.#due.shift();
    }
    return undefined;
  }

  #put(stored: ParkedHead, number: number | null): void {
    const isAlone = stored.lostAlone === null && this.#isDangerous(stored.offset);
    const head = isAlone ? { ...stored, lostAlone: 0 } : stored;
    const sequence = this.#sequenceFor(head.key);
    const slot: Slot = { head, dueAt: head.dueAt, offset: head.offset, number, isGone: false };
    this.#slots.set(head.offset, slot);
    if (sequence !== null) sequence.head = slot;
    if (number !== null) this.#headsInFlight += 1;
    else if (!head.isDead) {
      // Heads that went before their time must not pile up: at most as many as there are sequences.
      if (this.#due.size > 2 * this.#slots.size + 64) this.#due.keep((it) => !it.isGone && it.number === null);
      this.#due.push(slot);
    }
  }

  #remove(slot: Slot, isKept: boolean): void {
    slot.isGone = true;
    this.#slots.delete(slot.offset);
    const sequence = this.#sequenceOf(slot.head.key);
    if (sequence?.head === slot) sequence.head = null;
    if (slot.number === null) return;
    this.#headsInFlight -= 1;
    if (!isKept) this.#ended.push(slot.number);
  }

  /** Null: the event is a sequence by itself. */
  #sequenceOf(key: string | null): Sequence<Row> | null {
    if (this.#ordering === "topic") return this.#sequenceFor(null);
    return key === null ? null : (this.#sequences.get(key) ?? null);
  }

  #sequenceFor(key: string | null): Sequence<Row> | null {
    const name = this.#ordering === "topic" ? WHOLE_TOPIC : key;
    if (name === null) return null;
    let sequence = this.#sequences.get(name);
    if (sequence === undefined) {
      const parkingFrom = Number.POSITIVE_INFINITY;
      sequence = { name, unsettled: 0, failing: 0, parking: 0, parkingFrom, alone: 0, waiting: [], head: null };
      this.#sequences.set(name, sequence);
    }
    return sequence;
  }

  #look(offset: number): void {
    this.#scanned = offset;
    if (offset > this.#furthest) this.#furthest = offset;
  }

  #nextFloor(): number {
    const first = this.#entries.firstUnfinished((it) => it.state === "settling" || it.state === "settled");
    return first === undefined ? this.#scanned : first.offset - 1;
  }
}

function isSettled(entry: { readonly state: State }): boolean {
  return entry.state === "settled";
}

function isWithMember(entry: { readonly state: State; readonly from: State }): boolean {
  return entry.state === "in-flight" || (entry.state === "settling" && entry.from === "in-flight");
}

function isBlockedAt(sequence: Sequence<unknown>, offset: number): boolean {
  if (sequence.parking > 0) return true;
  return sequence.head !== null && sequence.head.offset < offset;
}

function isIdle(sequence: Sequence<unknown>): boolean {
  return sequence.unsettled === 0 && sequence.parking === 0 && sequence.head === null;
}

/** The row of a head in flight is as it was: its delivery goes on. */
function isSame(before: ParkedHead, head: ParkedHead): boolean {
  return before.offset === head.offset && before.attempt === head.attempt && !head.isDead;
}
