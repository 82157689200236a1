import type { Delivery, ParkedNotice } from "./wire.ts";

interface Closing {
  readonly delivery: Delivery;
  readonly since: number;
}

/**
 * Sequences in which a handler has failed. The server takes later deliveries of the sequence back, and says in the stream from
 * which point on that is done (`parked`): whatever comes before is stale. A new lease starts afresh: the event that
 * failed is delivered first again, or is parked already.
 */
export class ClosedSequences {
  readonly #closed = new Map<string, Closing>();

  close(sequence: string, delivery: Delivery, now: number): void {
    this.#closed.set(sequence, { delivery, since: now });
  }

  /** Whether a delivery that arrives is stale; if so, since when its sequence is closed. */
  staleSince(sequence: string, delivery: Delivery): number | null {
    const closing = this.#closed.get(sequence);
    if (closing === undefined) return null;
    const { partition, epoch } = closing.delivery;
    if (partition === delivery.partition && epoch === delivery.epoch) return closing.since;
    this.#closed.delete(sequence);
    return null;
  }

  /**
   * What a notice means for a sequence: `open` – it was not closed; `opened` – what comes from now on is valid; `closed` –
   * the notice is of a later event, that of the failed one is still to come.
   */
  onParked(sequence: string, { partition, offset }: ParkedNotice): "open" | "opened" | "closed" {
    const closing = this.#closed.get(sequence);
    if (closing === undefined || closing.delivery.partition !== partition) return "open";
    // Of an earlier event of the sequence: the failed one is taken back itself.
    if (offset > closing.delivery.offset) return "closed";
    this.#closed.delete(sequence);
    return "opened";
  }

  /** Opens sequences of failures that the server knows of: on a new connection nothing stale of them can come. */
  openThose(isKnown: (delivery: Delivery) => boolean): void {
    for (const [sequence, { delivery }] of this.#closed) if (isKnown(delivery)) this.#closed.delete(sequence);
  }

  /** The failures whose sequences are closed. */
  deliveries(): Delivery[] {
    return [...this.#closed.values()].map((it) => it.delivery);
  }

  forget(): void {
    this.#closed.clear();
  }
}
