import type { Delivery, Settlement } from "../../contract/settlements.ts";

/** The types that the model publishes: `mail` is declared `liveOnly`, and `noise` is let through only by the wide filter. */
export type ModelType = "t" | "mail" | "noise";

export interface ModelEvent {
  readonly offset: number;
  readonly key: string | null;
  readonly type: ModelType;
}

/** What has become of an event, as far as this consumer goes. */
export type Fate =
  /** `skipped`: by a position change. `spared`: handled once and of a type that must not come again, though a move back asks for it. */
  | { readonly kind: "filtered" | "pending" | "settled" | "discarded" | "skipped" | "spared" }
  | {
      readonly kind: "failed";
      /** Deliveries that have failed. */
      readonly attempt: number;
      readonly isDead: boolean;
      /** It may be delivered again; a dead one never is. */
      readonly isDue: boolean;
    };

const PENDING: Fate = { kind: "pending" };
const FILTERED: Fate = { kind: "filtered" };
const SETTLED: Fate = { kind: "settled" };
const DISCARDED: Fate = { kind: "discarded" };
const SKIPPED: Fate = { kind: "skipped" };
const SPARED: Fate = { kind: "spared" };

export const MAX_ATTEMPTS = 3;

/** The last position change, as long as it can be undone. */
interface Change {
  readonly id: string;
  readonly parked: "keep" | "clear";
  readonly fates: ReadonlyMap<number, Fate>;
}

/** What the database has of events, where the rules leave it to the engine. */
export interface StoredFates {
  /** The position goes past it. */
  isCovered(offset: number): boolean;
  isDiscarded(offset: number): boolean;
  /** Null: it is not parked, or discarded. */
  parkedAttempt(offset: number): Pick<Fate & { kind: "failed" }, "attempt" | "isDead" | "isDue"> | null;
}

/** One settlement that a member has sent, with the handling that it answers. */
export interface Answer {
  readonly delivery: Delivery;
  readonly settlement: Settlement;
  /** After so many failures it was to be dead: those that broke off are not held against it once it is parked. */
  readonly attemptsMax: number;
}

/**
 * One consumer of one topic, as simple as the rules allow: a fate per event, a fold of what was settled. It knows no
 * partitions, leases, positions or clocks; whatever the engine does with those must come out as this.
 */
export class ConsumerModel {
  readonly events: ModelEvent[] = [];
  readonly #fates = new Map<number, Fate>();
  /** State entries: the fold of what was settled, and how often each was written. */
  readonly state = new Map<string, { readonly value: unknown; readonly version: number }>();
  /** Acked at any time: what comes of these is a replay, and nothing else is. */
  readonly handled = new Set<number>();
  /** Of these, since the position was moved last: in order, whatever a change has kept or passed over before. */
  readonly #acked = new Set<number>();
  isPaused = false;
  /** Whether the filter lets `noise` through, and whether it ever did. */
  isWide = false;
  #wasWide = false;
  change: Change | null = null;

  get head(): number {
    return this.events.length;
  }

  publish(key: string | null, type: ModelType): void {
    const event = { offset: this.events.length + 1, key, type };
    this.events.push(event);
    this.#fates.set(event.offset, this.passes(event) ? PENDING : FILTERED);
  }

  /** Whether the filter of now lets it through. */
  passes({ type }: ModelEvent): boolean {
    return this.isWide || type !== "noise";
  }

  isNeverWanted(type: ModelType): boolean {
    return type === "noise" && !this.#wasWide;
  }

  event(offset: number): ModelEvent {
    const found = this.events[offset - 1];
    if (found === undefined) throw new Error(`offset ${offset} was never published`);
    return found;
  }

  fate(offset: number): Fate {
    return this.#fates.get(offset) ?? PENDING;
  }

  /** Earlier and later events of the same sequence, itself left out. */
  sequenceOf(offset: number): ModelEvent[] {
    const { key } = this.event(offset);
    if (key === null) return [];
    return this.events.filter(
      (it) => it.key === key && it.offset !== offset && this.fate(it.offset).kind !== "filtered",
    );
  }

  isOver(offset: number): boolean {
    const { kind } = this.fate(offset);
    return kind !== "pending" && kind !== "failed";
  }

  /** Rule 7: all that comes before it in its sequence is over. Returns the first that is not. */
  overtaken(offset: number): number | undefined {
    return this.sequenceOf(offset).find((it) => it.offset < offset && !this.isOver(it.offset))?.offset;
  }

  /** What has to be in the hands of a member by now, or soon. */
  deliverable(): number[] {
    return this.events
      .map((it) => it.offset)
      .filter((offset) => {
        const fate = this.fate(offset);
        if (this.isOver(offset) || this.overtaken(offset) !== undefined) return false;
        return fate.kind === "pending" || (fate.kind === "failed" && !fate.isDead && fate.isDue);
      });
  }

  /** Takes an answer that the engine says counts. */
  settle({ delivery, settlement, attemptsMax }: Answer): void {
    const { offset = 0 } = settlement;
    if (this.isOver(offset)) return;
    for (const [key, value] of Object.entries(settlement.state?.set ?? {})) {
      this.state.set(key, { value, version: (this.state.get(key)?.version ?? 0) + 1 });
    }
    switch (settlement.outcome) {
      case "ack": {
        const later = this.sequenceOf(offset).find((it) => it.offset > offset && this.#acked.has(it.offset));
        if (later !== undefined) throw new Error(`${offset} was settled after ${later.offset}, which follows it`);
        this.#fates.set(offset, SETTLED);
        this.handled.add(offset);
        this.#acked.add(offset);
        break;
      }
      case "skip":
        this.#fates.set(offset, DISCARDED);
        break;
      case "retry":
      case "dead-letter": {
        const isPermanent = settlement.outcome === "dead-letter" || settlement.error?.name === "Permanent";
        const isDead = isPermanent || delivery.attempt >= attemptsMax;
        const isDue = settlement.delayMs === 0;
        this.#fates.set(offset, { kind: "failed", attempt: delivery.attempt, isDead, isDue });
        this.#demoteAfter(offset);
        break;
      }
      case "extend":
    }
  }

  /** A later head of the sequence (a position was moved back over it) waits, and unless dead is tried at once in its turn. */
  #demoteAfter(offset: number): void {
    for (const later of this.sequenceOf(offset)) {
      const fate = this.fate(later.offset);
      if (later.offset > offset && fate.kind === "failed") {
        this.#fates.set(later.offset, { ...fate, isDue: true });
      }
    }
  }

  /** It took down every member that handled it. */
  bury(offset: number, attempt: number): void {
    if (this.isOver(offset)) throw new Error(`${offset} is over, and was buried`);
    this.#fates.set(offset, { kind: "failed", attempt, isDead: true, isDue: false });
    this.#demoteAfter(offset);
  }

  /** The time of every retry has come. */
  passTime(): void {
    for (const [offset, fate] of this.#fates) {
      if (fate.kind === "failed") this.#fates.set(offset, { ...fate, isDue: true });
    }
  }

  /** Dead heads are delivered again, once more each; a dead one behind another head is none. */
  redrive(isHead: (offset: number) => boolean): void {
    for (const [offset, fate] of this.#fates) {
      if (fate.kind !== "failed" || !fate.isDead || !isHead(offset)) continue;
      this.#fates.set(offset, { ...fate, isDead: false, isDue: true });
    }
  }

  discard(offset: number): void {
    this.#fates.set(offset, DISCARDED);
  }

  #begin(id: string, parked: "keep" | "clear"): void {
    this.change = { id, parked, fates: new Map(this.#fates) };
    this.#acked.clear();
  }

  /** Everything is delivered again, but for what must not come twice. */
  reset(id: string, parked: "keep" | "clear"): void {
    this.#begin(id, parked);
    for (const [offset, { kind }] of this.#fates) {
      if (kind === "failed" && parked === "keep") continue;
      this.#fates.set(offset, this.#openFate(offset));
    }
  }

  /** Everything is passed over, but for what is parked and kept. */
  skip(id: string, parked: "keep" | "clear", stored: StoredFates): void {
    this.#begin(id, parked);
    for (const [offset, { kind }] of this.#fates) {
      const isKept = stored.parkedAttempt(offset) !== null || stored.isDiscarded(offset);
      if (isKept || !stored.isCovered(offset)) continue;
      if (kind === "pending" || kind === "failed" || kind === "discarded" || kind === "spared") {
        this.#fates.set(offset, this.#passedFate(offset));
      }
    }
  }

  /**
   * A change that found nothing to run again when it was planned moves nothing, whatever was settled since: what stands
   * in the database is taken over. What was parked at the very moment of the plan may be cleared or not, and what waits
   * behind it with it.
   */
  leave(id: string, parked: "keep" | "clear", stored: StoredFates): void {
    this.#begin(id, parked);
    for (const [offset, { kind }] of this.#fates) {
      if (kind === "filtered" || kind === "skipped" || stored.parkedAttempt(offset) !== null) continue;
      if (kind === "pending" && !(parked === "clear" && stored.isCovered(offset))) continue;
      if (kind === "discarded" && stored.isDiscarded(offset)) continue;
      this.#fates.set(offset, stored.isCovered(offset) ? this.#passedFate(offset) : this.#openFate(offset));
    }
  }

  /** Another filter tells nothing else of what was passed by then, and all of what is ahead. */
  filter(isWide: boolean, stored: StoredFates): void {
    this.isWide = isWide;
    this.#wasWide ||= isWide;
    for (const { offset, type } of this.events) {
      if (type !== "noise" || stored.isCovered(offset)) continue;
      const { kind } = this.fate(offset);
      if (kind === "pending" || kind === "filtered" || kind === "spared")
        this.#fates.set(offset, this.#openFate(offset));
    }
  }

  /** Of an event that no position covers, and that is not parked. */
  #openFate(offset: number): Fate {
    const event = this.event(offset);
    const isHandled = this.handled.has(offset);
    if (!this.passes(event)) return isHandled ? SPARED : FILTERED;
    return event.type === "mail" && isHandled ? SPARED : PENDING;
  }

  /** Of an event that a position change covers. */
  #passedFate(offset: number): Fate {
    if (this.handled.has(offset)) return SETTLED;
    return this.passes(this.event(offset)) ? SKIPPED : FILTERED;
  }

  /**
   * Puts back what the change found. Of what it had found unsettled, `isCovered` says what the position covered even
   * so: that an event had been parked behind another is the engine's business until then. A `mail` that was handled
   * since does not come again, though it was parked.
   */
  undo(stored: StoredFates): void {
    const { change } = this;
    if (change === null) throw new Error("there is nothing to undo");
    this.change = null;
    this.#acked.clear();
    for (const event of this.events) {
      const before = change.fates.get(event.offset) ?? (this.passes(event) ? PENDING : FILTERED);
      this.#fates.set(event.offset, this.#undone(event, { before, isWhole: change.parked === "clear", stored }));
    }
  }

  #undone(
    { offset, type }: ModelEvent,
    { before, isWhole, stored }: { readonly before: Fate; readonly isWhole: boolean; readonly stored: StoredFates },
  ): Fate {
    const now = this.fate(offset);
    const parked = stored.parkedAttempt(offset);
    const isSpared = type === "mail" && this.handled.has(offset);
    const rest = stored.isCovered(offset) ? null : this.#openFate(offset);
    switch (before.kind) {
      case "settled":
        return SETTLED;
      case "discarded":
        return isSpared ? SETTLED : DISCARDED;
      case "filtered":
      case "skipped":
      case "spared":
        if (parked !== null) return now.kind === "failed" ? { ...now, ...parked } : now;
        if (stored.isDiscarded(offset)) return DISCARDED;
        return rest ?? (this.handled.has(offset) ? SETTLED : before);
      case "pending":
      case "failed":
    }
    if (!isWhole && stored.isDiscarded(offset)) return DISCARDED;
    if (parked === null && rest !== null) return rest;
    if (isWhole) return isSpared ? SETTLED : before;
    if (now.kind === "failed" && parked !== null) return { ...now, ...parked };
    return parked !== null && before.kind === "failed" ? { ...before, ...parked } : now;
  }
}
