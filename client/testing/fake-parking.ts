import type { CloudEvent } from "../wire.ts";

interface Lane {
  /** The event that failed; behind it wait the later ones of its sequence, in order. */
  head: CloudEvent;
  readonly behind: CloudEvent[];
  isRetrying: boolean;
  isInFlight: boolean;
}

/** The parked events of a fake consumer: sequences and their heads, as simply as it can be said. */
export class FakeParking {
  readonly #lanes = new Map<string, Lane>();
  readonly #failures = new Map<CloudEvent, number>();
  readonly #ordering: () => "key" | "topic";

  constructor(ordering: () => "key" | "topic") {
    this.#ordering = ordering;
  }

  get size(): number {
    return this.#lanes.size;
  }

  /** A new lease: nothing is in flight. */
  begin(): void {
    for (const lane of this.#lanes.values()) {
      lane.isInFlight = false;
      // Delivery begins at the first event again, and finds them anew.
      lane.behind.length = 0;
    }
  }

  failuresOf(event: CloudEvent): number {
    return this.#failures.get(event) ?? 0;
  }

  isBehind(event: CloudEvent): boolean {
    const lane = this.#lanes.get(this.#sequenceOf(event));
    return lane !== undefined && Number(lane.head.sequence) < Number(event.sequence);
  }

  /** Keeps an event that is not to be delivered in the ordinary flow. */
  hold(event: CloudEvent): boolean {
    const lane = this.#lanes.get(this.#sequenceOf(event));
    if (lane === undefined) return false;
    if (lane.head !== event) lane.behind.push(event);
    return true;
  }

  /** Parks an event and what is in flight behind it, which it returns with the event. */
  park(event: CloudEvent, how: { isRetrying: boolean; inFlight: ReadonlySet<CloudEvent> }): CloudEvent[] {
    const { isRetrying, inFlight } = how;
    this.#failures.set(event, this.failuresOf(event) + 1);
    const sequence = this.#sequenceOf(event);
    const lane = this.#lanes.get(sequence);
    if (lane?.head === event) {
      lane.isRetrying = isRetrying;
      lane.isInFlight = false;
      return [];
    }
    const behind = [...inFlight].filter(
      (it) => this.#sequenceOf(it) === sequence && Number(it.sequence) > Number(event.sequence),
    );
    behind.push(...(lane === undefined ? [] : [lane.head, ...lane.behind]));
    this.#lanes.set(sequence, { head: event, behind, isRetrying, isInFlight: false });
    return [event, ...behind];
  }

  /** A parked head went through. The next of its sequence, which is then in flight; null when there is none. */
  release(event: CloudEvent): CloudEvent | null | "not-parked" {
    const sequence = this.#sequenceOf(event);
    const lane = this.#lanes.get(sequence);
    if (lane?.head !== event) return "not-parked";
    const next = lane.behind.shift();
    if (next === undefined) {
      this.#lanes.delete(sequence);
      return null;
    }
    lane.head = next;
    lane.isRetrying = true;
    lane.isInFlight = true;
    return next;
  }

  /** Heads to deliver now; they are in flight then. */
  due(withDead: boolean): Lane[] {
    const due = [...this.#lanes.values()].filter((it) => !it.isInFlight && (it.isRetrying || withDead));
    for (const lane of due) lane.isInFlight = true;
    return due;
  }

  #sequenceOf({ topic, partitionkey, sequence }: CloudEvent): string {
    if (this.#ordering() === "topic") return topic;
    return partitionkey === undefined ? `${topic}#${sequence}` : `${topic}/${partitionkey}`;
  }
}
