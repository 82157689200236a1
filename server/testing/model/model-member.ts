import type { Delivery, ParkedNotice } from "../../contract/settlements.ts";
import type { ReceivedFrame, TestMember } from "../../engine/testing/consumer-rig.ts";
import type { ModelEvent } from "./consumer-model.ts";

/** What is known of the events that were published. */
export interface Published {
  event(offset: number): Pick<ModelEvent, "key" | "type">;
  /** The filter has excluded the type all the time. */
  isNeverWanted(type: ModelEvent["type"]): boolean;
}

interface Assigned {
  readonly partition: number;
  readonly epoch: number;
}

/**
 * A member that keeps to the protocol: one event of a key at a time, nothing of a key after a failure until the notice
 * of it, nothing of a partition that was revoked. It checks what it is told on the way.
 */
export class ModelMember {
  /** Held and not answered, in the order in which it came. */
  held: Delivery[] = [];
  isPaused = false;
  readonly #published: Published;
  #seen = 0;
  /** Keys of which an answer is on its way. */
  readonly #busy = new Set<string>();
  readonly #closed = new Map<string, Delivery>();
  readonly #lastLive = new Map<string, number>();

  constructor(
    published: Published,
    readonly name: string,
    readonly sink: TestMember,
  ) {
    this.#published = published;
  }

  get isEnded(): boolean {
    return this.sink.isEnded;
  }

  /** Takes what has arrived since. */
  sync(): void {
    while (this.#seen < this.sink.frames.length) {
      const frame = this.sink.frames[this.#seen] as ReceivedFrame;
      this.#seen += 1;
      this.#take(frame);
    }
  }

  /** What it may work on now: the first of each key. */
  workable(): Delivery[] {
    const sequences = new Set<string>();
    return this.held.filter((it) => {
      const sequence = this.#sequenceOf(it.offset);
      if (sequence === null) return true;
      if (sequences.has(sequence)) return false;
      sequences.add(sequence);
      return !this.#closed.has(sequence) && !this.#busy.has(sequence);
    });
  }

  /** It is answered. After a failure nothing more of the key is handled until the server has said so. */
  answer(delivery: Delivery, isFailure: boolean): void {
    const sequence = this.#sequenceOf(delivery.offset);
    this.held = this.held.filter((it) => it !== delivery);
    if (sequence === null) return;
    this.#busy.add(sequence);
    // Behind one that was parked before nothing has been delivered.
    if (!isFailure || delivery.parked === true) return;
    this.#closed.set(sequence, delivery);
    this.held = this.held.filter(
      (it) => this.#sequenceOf(it.offset) !== sequence || it.partition !== delivery.partition,
    );
  }

  /** Its answers have arrived. */
  answered(): void {
    this.#busy.clear();
  }

  /** The lease is not its own any more. */
  lose({ partition, epoch }: Assigned): void {
    this.held = this.held.filter((it) => it.partition !== partition || it.epoch !== epoch);
  }

  #sequenceOf(offset: number): string | null {
    return this.#published.event(offset).key;
  }

  #take({ event, data }: ReceivedFrame): void {
    switch (event) {
      case "message":
        this.#deliver(data.delivery as Delivery);
        break;
      case "assignment":
      case "reset": {
        const mine = new Map((data.partitions as Assigned[]).map((it) => [it.partition, it.epoch]));
        this.held = this.held.filter((it) => mine.get(it.partition) === it.epoch);
        for (const [sequence, it] of this.#closed)
          if (mine.get(it.partition) !== it.epoch) this.#closed.delete(sequence);
        break;
      }
      case "revoked": {
        const lost = new Set(data.partitions as number[]);
        this.held = this.held.filter((it) => !lost.has(it.partition));
        for (const [sequence, it] of this.#closed) if (lost.has(it.partition)) this.#closed.delete(sequence);
        break;
      }
      case "parked":
        this.#park(data as unknown as ParkedNotice);
        break;
      case "paused":
        this.isPaused = true;
        break;
      case "resumed":
        this.isPaused = false;
        break;
    }
  }

  #deliver(delivery: Delivery): void {
    const { offset, partition, epoch } = delivery;
    if (this.isPaused) throw new Error(`${offset} was delivered to ${this.name} during a pause`);
    if (this.#published.isNeverWanted(this.#published.event(offset).type))
      throw new Error(`${offset} was delivered though the filter excludes it`);
    if (delivery.parked !== true) {
      const id = `${partition} ${epoch}`;
      const last = this.#lastLive.get(id) ?? 0;
      if (offset <= last) throw new Error(`${offset} was delivered to ${this.name} after ${last} under epoch ${epoch}`);
      this.#lastLive.set(id, offset);
    }
    const sequence = this.#sequenceOf(offset);
    const closing = sequence === null ? undefined : this.#closed.get(sequence);
    if (sequence !== null && closing !== undefined) {
      // Stale: the server had not heard of the failure yet. Under a new lease it starts afresh.
      if (closing.partition === partition && closing.epoch === epoch) return;
      this.#closed.delete(sequence);
    }
    this.held.push(delivery);
  }

  #park({ partition, offset, key }: ParkedNotice): void {
    if (key === null) return;
    const closing = this.#closed.get(key);
    if (closing !== undefined && closing.partition === partition) {
      if (offset <= closing.offset) this.#closed.delete(key);
      return;
    }
    this.held = this.held.filter(
      (it) => this.#sequenceOf(it.offset) !== key || it.partition !== partition || it.offset <= offset,
    );
  }
}
