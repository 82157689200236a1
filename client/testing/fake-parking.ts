import type { CloudEvent } from "../wire.ts";

interface Sequence {
  /** The event that failed; behind it wait the later ones of its sequence, in order. */
  head: CloudEvent;
  readonly behind: CloudEvent[];
  isRetrying: boolean;
  isInFlight: boolean;
}

/** The parked events of a fake consumer: sequences and their heads, as simply as it can be said. */
export class FakeParking {
  readonly #sequences = new Map<string, Sequence>();
  readonly #failures = new Map<CloudEvent, number>();
  readonly #ordering: () => "key" | "topic";

  constructor(ordering: () => "key" | "topic") {
    this.#ordering = ordering;
  }

  get size(): number {
    return this.#sequences.size;
  }

  /** A new lease: nothing is in flight. */
  begin(): void {
    for (const parked of this.#sequences.values()) {
      parked.isInFlight = false;
      // Delivery begins at the first event again, and finds them anew.
      parked.behind.length = 0;
    }
  }

  failuresOf(event: CloudEvent): number {
    return this.#failures.get(event) ?? 0;
  }

  isBehind(event: CloudEvent): boolean {
    const parked = this.#sequences.get(this.#sequenceOf(event));
    return parked !== undefined && Number(parked.head.sequence) < Number(event.sequence);
  }

  /** Keeps an event that is not to be delivered in the ordinary flow. */
  hold(event: CloudEvent): boolean {
    const parked = this.#sequences.get(this.#sequenceOf(event));
    if (parked === undefined) return false;
    if (parked.head !== event) parked.behind.push(event);
    return true;
  }

  /** Parks an event and what is in flight behind it, which it returns with the event. */
  park(event: CloudEvent, how: { isRetrying: boolean; inFlight: ReadonlySet<CloudEvent> }): CloudEvent[] {
    const { isRetrying, inFlight } = how;
    this.#failures.set(event, this.failuresOf(event) + 1);
    const sequence = this.#sequenceOf(event);
    const parked = this.#sequences.get(sequence);
    if (parked?.head === event) {
      parked.isRetrying = isRetrying;
      parked.isInFlight = false;
      return [];
    }
    const behind = [...inFlight].filter(
      (it) => this.#sequenceOf(it) === sequence && Number(it.sequence) > Number(event.sequence),
    );
    behind.push(...(parked === undefined ? [] : [parked.head, ...parked.behind]));
    this.#sequences.set(sequence, { head: event, behind, isRetrying, isInFlight: false });
    return [event, ...behind];
  }

  /** A parked head went through. The next of its sequence, which is then in flight; null when there is none. */
  release(event: CloudEvent): CloudEvent | null | "not-parked" {
    const sequence = this.#sequenceOf(event);
    const parked = this.#sequences.get(sequence);
    if (parked?.head !== event) return "not-parked";
    const next = parked.behind.shift();
    if (next === undefined) {
      this.#sequences.delete(sequence);
      return null;
    }
    parked.head = next;
    parked.isRetrying = true;
    parked.isInFlight = true;
    return next;
  }

  /** Heads to deliver now; they are in flight then. */
  due(withDead: boolean): Sequence[] {
    const due = [...this.#sequences.values()].filter((it) => !it.isInFlight && (it.isRetrying || withDead));
    for (const parked of due) parked.isInFlight = true;
    return due;
  }

  #sequenceOf({ topic, partitionkey, sequence }: CloudEvent): string {
    if (this.#ordering() === "topic") return topic;
    return partitionkey === undefined ? `${topic}#${sequence}` : `${topic}/${partitionkey}`;
  }
}
