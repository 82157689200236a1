/** One delivery that its member has not settled. Times are monotonic milliseconds. */
export interface OpenDelivery<Place> {
  /** 1 for the first of the session. */
  readonly number: number;
  readonly place: Place;
  sentAt: number;
  /** Since when its ack clock runs; null = the one sent before it is not settled, so the member cannot have begun. */
  startedAt: number | null;
}

/**
 * The deliveries of one session that are not settled, by the number that their frames carry. It keeps the ack clock: the
 * time of a delivery counts from when it was sent or when the one sent before it was settled, whichever is later. So a
 * client that works through its window one by one is not punished for what waits in its own buffer, and one that hangs
 * is found out by its first delivery.
 */
export class SessionLog<Place> {
  #last: number;
  readonly #open = new Map<number, OpenDelivery<Place>>();

  /** @param last the number of the last delivery that was sent before, at another instance */
  constructor(last = 0) {
    this.#last = last;
  }

  get last(): number {
    return this.#last;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Numbers below this were used elsewhere. */
  skipTo(last: number): void {
    if (last > this.#last) this.#last = last;
  }

  /** Enters a delivery and returns its number. */
  send(place: Place, now: number): number {
    this.#last += 1;
    const startedAt = this.#open.has(this.#last - 1) ? null : now;
    this.#open.set(this.#last, { number: this.#last, place, sentAt: now, startedAt });
    return this.#last;
  }

  /** A delivery is over: it was settled, or taken back. The clock of the next one begins. */
  end(number: number, now: number): void {
    this.#open.delete(number);
    const next = this.#open.get(number + 1);
    if (next !== undefined && next.startedAt === null) next.startedAt = now;
  }

  /** The open deliveries after a number are sent again: their clocks begin anew. Ascending. */
  sendAgain(after: number, now: number): OpenDelivery<Place>[] {
    const again = [...this.#open.values()].filter((it) => it.number > after);
    for (const delivery of again) {
      delivery.sentAt = now;
      delivery.startedAt = this.#open.has(delivery.number - 1) ? null : now;
    }
    return again;
  }

  /** Gives a delivery its whole time again. One whose clock does not run yet has it before it anyway. */
  extend(number: number, now: number): void {
    const delivery = this.#open.get(number);
    if (delivery !== undefined && delivery.startedAt !== null) delivery.startedAt = now;
  }

  /** The deliveries that were begun more than `timeoutMs` ago. */
  overdue(now: number, timeoutMs: number): OpenDelivery<Place>[] {
    const overdue: OpenDelivery<Place>[] = [];
    for (const delivery of this.#open.values()) {
      if (delivery.startedAt !== null && now - delivery.startedAt > timeoutMs) overdue.push(delivery);
    }
    return overdue;
  }

  get(number: number): OpenDelivery<Place> | undefined {
    return this.#open.get(number);
  }

  [Symbol.iterator](): IterableIterator<OpenDelivery<Place>> {
    return this.#open.values();
  }
}
