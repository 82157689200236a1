import { DueQueue } from "./due-queue.ts";

/** The first parked event of a sequence, as the holder of its partition knows it. */
export interface ParkedHead {
  readonly topicId: number;
  readonly offset: number;
  readonly key: string | null;
  /** Deliveries that have failed. */
  readonly attempt: number;
  /** A letter: it is delivered no more, and what comes after it waits. */
  readonly isDead: boolean;
  /** When it is delivered again, in monotonic milliseconds. */
  readonly dueAt: number;
  readonly operationId: string | null;
  readonly isReplay: boolean;
}

/**
 * Blocked sequences that one member may hold; with more it is given nothing new. Each is kept in memory (about 300 bytes),
 * and who has that many failures gains nothing by parking more.
 */
export const MAX_SEQUENCES = 100_000;

/** The name of a sequence within a topic, as the column has it. */
export function sequenceName(event: { readonly key: string | null; readonly offset: number }): string {
  return event.key === null ? `o${event.offset}` : `k${event.key}`;
}

export interface SequenceHead {
  readonly topicId: number;
  readonly sequence: string;
  /** Null: nothing of the sequence is parked any more. */
  readonly head: ParkedHead | null;
}

interface Place {
  readonly topicId: number;
  readonly offset: number;
}

function placeName({ topicId, offset }: Place): string {
  return `${topicId} ${offset}`;
}

interface Lane {
  readonly head: ParkedHead;
  readonly dueAt: number;
  readonly offset: number;
  /** Its delivery is in flight until then; null = it is not. */
  deadline: number | null;
  /** Another head, or none, has taken its place. */
  isGone: boolean;
}

interface TopicLanes {
  readonly byKey: Map<string, Lane>;
  /** Events without a key, and in all cases by the head's offset. */
  readonly byOffset: Map<number, Lane>;
  /** Sequences whose event is being parked right now: from which offset on the later ones wait. */
  readonly closing: Map<string, number>;
}

/**
 * The parked sequences of one held partition: which events have to wait, and which are due. It mirrors the database as
 * of `version`; whoever changes the parked events raises that, and a settlement decided on an older one starts anew.
 */
export class ParkedHeads {
  #version: number;
  readonly #topics = new Map<number, TopicLanes>();
  #size = 0;
  #inFlight = 0;
  #closing = 0;
  /**
   * Heads that wait, by their time: after an outage 100,000 may be due at once, of which each look takes a few. What
   * has gone or is in flight by now stands in it until it comes to the front.
   */
  readonly #waiting = new DueQueue<Lane>();
  /** Were due and not ready: no time tells when they will be. */
  #unready: Lane[] = [];

  /** Discarded events that the flow has not passed, by topic id and offset: it must not deliver them. */
  #discarded = new Set<string>();

  constructor(version: number, heads: Iterable<ParkedHead> = [], discardedAhead: Iterable<Place> = []) {
    this.#version = version;
    for (const head of heads) this.#put(head, null);
    this.#discarded = new Set(Array.from(discardedAhead, placeName));
  }

  get version(): number {
    return this.#version;
  }

  /** Sequences that are blocked. */
  get size(): number {
    return this.#size;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /**
   * What the delivery of an event meets: nothing in its way, an earlier event of its sequence, or its own parked row,
   * which may be a discarded one.
   */
  placeOf(
    topicId: number,
    event: { readonly key: string | null; readonly offset: number },
  ): "free" | "behind" | "parked" | "discarded" {
    if (this.#discarded.size > 0 && this.#discarded.has(placeName({ topicId, offset: event.offset }))) {
      return "discarded";
    }
    if (this.#size === 0 && this.#closing === 0) return "free";
    const lanes = this.#topics.get(topicId);
    if (lanes === undefined) return "free";
    if (event.key === null) return lanes.byOffset.has(event.offset) ? "parked" : "free";
    const head = lanes.byKey.get(event.key)?.head.offset;
    if (head === event.offset) return "parked";
    if (head !== undefined && head < event.offset) return "behind";
    const closing = lanes.closing.get(event.key);
    return closing !== undefined && closing < event.offset ? "behind" : "free";
  }

  headAt(topicId: number, offset: number): ParkedHead | undefined {
    return this.#topics.get(topicId)?.byOffset.get(offset)?.head;
  }

  isInFlight(topicId: number, offset: number): boolean {
    return (this.#topics.get(topicId)?.byOffset.get(offset)?.deadline ?? null) !== null;
  }

  /** The lowest head of a topic: for consumers whose order is the topic's, nothing after it is delivered. */
  lowest(topicId: number): ParkedHead | undefined {
    let lowest: ParkedHead | undefined;
    for (const { head } of this.#topics.get(topicId)?.byOffset.values() ?? []) {
      if (lowest === undefined || head.offset < lowest.offset) lowest = head;
    }
    return lowest;
  }

  /** Later events of the key wait from now on: the one at `offset` is being parked. */
  close(topicId: number, key: string, offset: number): void {
    const closing = this.#lanesOf(topicId).closing;
    if (closing.has(key)) return;
    closing.set(key, offset);
    this.#closing += 1;
  }

  /** Takes back every `close`: it is committed, or it has failed. */
  reopen(): void {
    if (this.#closing === 0) return;
    for (const { closing } of this.#topics.values()) closing.clear();
    this.#closing = 0;
  }

  /** Heads to be delivered now, those that waited longest first; of these, those that are ready. */
  due(now: number, limit: number, isReady: (head: ParkedHead) => boolean = () => true): ParkedHead[] {
    if (limit <= 0) return [];
    this.#unready = this.#unready.filter((lane) => {
      if (!isWaiting(lane)) return false;
      if (!isReady(lane.head)) return true;
      this.#waiting.push(lane);
      return false;
    });
    const due: Lane[] = [];
    while (due.length < limit) {
      const lane = this.#firstWaiting();
      if (lane === undefined || lane.dueAt > now) break;
      this.#waiting.shift();
      if (isReady(lane.head)) due.push(lane);
      else this.#unready.push(lane);
    }
    // They wait until `deliver` says that they are in flight.
    for (const lane of due) this.#waiting.push(lane);
    return due.map((it) => it.head);
  }

  /** No head becomes due before this; undefined when none will by itself. */
  nextDueAt(): number | undefined {
    return this.#firstWaiting()?.dueAt;
  }

  /** Notes that a head is in flight. False when it is not there any more, or is already. */
  deliver(head: ParkedHead, deadline: number): boolean {
    const lane = this.#topics.get(head.topicId)?.byOffset.get(head.offset);
    if (lane === undefined || lane.head !== head || lane.deadline !== null) return false;
    lane.deadline = deadline;
    this.#inFlight += 1;
    return true;
  }

  /** Gives deliveries in flight (all, without an offset) until a new deadline. */
  extend(topicId: number, deadline: number, offset?: number): void {
    const lanes = this.#topics.get(topicId)?.byOffset;
    if (lanes === undefined) return;
    const chosen = offset === undefined ? lanes.values() : [lanes.get(offset)];
    for (const lane of chosen) if (lane !== undefined && lane.deadline !== null) lane.deadline = deadline;
  }

  /** Heads in flight whose deadline has passed. */
  overdue(now: number): ParkedHead[] {
    if (this.#inFlight === 0) return [];
    return this.inFlightHeads().filter((it) => (this.#deadlineOf(it) ?? now) < now);
  }

  inFlightHeads(): ParkedHead[] {
    const heads: ParkedHead[] = [];
    for (const { byOffset } of this.#topics.values()) {
      for (const { head, deadline } of byOffset.values()) if (deadline !== null) heads.push(head);
    }
    return heads;
  }

  /**
   * Takes over what a settlement made of some sequences. The delivery of a head is over unless the head is as it was:
   * then only something was parked behind it.
   */
  apply(version: number, sequences: Iterable<SequenceHead>): void {
    this.#version = version;
    for (const { topicId, sequence, head } of sequences) {
      const lanes = this.#lanesOf(topicId);
      const lane = sequence.startsWith("k")
        ? lanes.byKey.get(sequence.slice(1))
        : lanes.byOffset.get(Number(sequence.slice(1)));
      if (lane !== undefined) this.#remove(lane);
      if (head !== null) this.#put(head, deadlineOf(lane, head));
    }
  }

  /**
   * Takes over all heads as they are in the database. What is in flight stays so where the row has not changed.
   * Returns the heads that are new, stand before the one known, or have failed again: deliveries behind them have to be
   * taken back.
   */
  replace(version: number, heads: readonly ParkedHead[], discardedAhead: Iterable<Place> = []): ParkedHead[] {
    this.#discarded = new Set(Array.from(discardedAhead, placeName));
    const before = new Map<string, Lane>();
    for (const [topicId, { byOffset }] of this.#topics) {
      for (const lane of byOffset.values()) before.set(`${topicId} ${sequenceName(lane.head)}`, lane);
    }
    this.#topics.clear();
    this.#size = 0;
    this.#inFlight = 0;
    this.#closing = 0;
    this.#waiting.keep(() => false);
    this.#unready = [];
    this.#version = version;
    const fresh: ParkedHead[] = [];
    for (const head of heads) {
      const lane = before.get(`${head.topicId} ${sequenceName(head)}`);
      this.#put(head, deadlineOf(lane, head));
      const isKnown = lane !== undefined && head.offset >= lane.head.offset;
      const hasFailed = head.offset === lane?.head.offset && head.attempt > lane.head.attempt;
      if (!isKnown || hasFailed) fresh.push(head);
    }
    return fresh;
  }

  #lanesOf(topicId: number): TopicLanes {
    let lanes = this.#topics.get(topicId);
    if (lanes === undefined) {
      lanes = { byKey: new Map(), byOffset: new Map(), closing: new Map() };
      this.#topics.set(topicId, lanes);
    }
    return lanes;
  }

  #put(head: ParkedHead, deadline: number | null): void {
    const lanes = this.#lanesOf(head.topicId);
    const lane: Lane = { head, dueAt: head.dueAt, offset: head.offset, deadline, isGone: false };
    if (head.key !== null) lanes.byKey.set(head.key, lane);
    lanes.byOffset.set(head.offset, lane);
    this.#size += 1;
    if (deadline !== null) this.#inFlight += 1;
    else if (!head.isDead) this.#wait(lane);
  }

  #wait(lane: Lane): void {
    // Heads that went before their time must not pile up: at most as many as there are lanes.
    if (this.#waiting.size > 2 * this.#size + 64) this.#waiting.keep(isWaiting);
    this.#waiting.push(lane);
  }

  #firstWaiting(): Lane | undefined {
    for (let lane = this.#waiting.first; lane !== undefined; lane = this.#waiting.first) {
      if (isWaiting(lane)) return lane;
      this.#waiting.shift();
    }
    return undefined;
  }

  #remove(lane: Lane): void {
    const lanes = this.#lanesOf(lane.head.topicId);
    if (lane.head.key !== null) lanes.byKey.delete(lane.head.key);
    lanes.byOffset.delete(lane.head.offset);
    lane.isGone = true;
    this.#size -= 1;
    if (lane.deadline !== null) this.#inFlight -= 1;
  }

  #deadlineOf(head: ParkedHead): number | null {
    return this.#topics.get(head.topicId)?.byOffset.get(head.offset)?.deadline ?? null;
  }
}

function isWaiting(lane: Lane): boolean {
  return !lane.isGone && lane.deadline === null;
}

/** Until when a head is in flight, given its lane before: it stays so where the row has not changed. */
function deadlineOf(before: Lane | undefined, head: ParkedHead): number | null {
  const isSame = before?.head.offset === head.offset && before.head.attempt === head.attempt && !head.isDead;
  return isSame ? before.deadline : null;
}
