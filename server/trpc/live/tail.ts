import type { EventRow } from "../../contract/events.ts";
import type { LiveRequest } from "../../contract/live.ts";
import { type EventFilter, isUnfiltered } from "../../domain/event-filter.ts";

/** The part of the engine's topic reader that a tail needs. */
export interface TailReader {
  readonly head: number;
  readAfter(
    after: number,
    options: { filter?: EventFilter; maxEvents: number; maxBytes?: number },
  ): Promise<{ rows: readonly EventRow[]; through: number }>;
  onAppend(listener: () => void): () => void;
  release(): void;
}

export interface TailStep {
  readonly events: readonly EventRow[];
  readonly dropped: number;
}

// A table of rows that changes four times a second is already more than a person reads.
export const TAIL_ROWS = 200;
const TAIL_BYTES = 1024 * 1024;
// A filter may pass one event in a thousand: the tail looks through this many before it gives up on the older ones.
const FILTERED_BACKLOG = 20_000;

export type TailRequest = NonNullable<LiveRequest["tail"]>;

/** One tab's place in a topic. Falls behind by leaving out the oldest, never by holding the newest back. */
export class Tail {
  readonly #reader: TailReader;
  readonly #filter: EventFilter;
  cursor: number;

  constructor(reader: TailReader, request: TailRequest, after: number) {
    this.#reader = reader;
    this.#filter = {
      ...(request.types === undefined ? {} : { types: request.types }),
      ...(request.key === undefined ? {} : { keys: [request.key] }),
    };
    this.cursor = after;
  }

  get isBehind(): boolean {
    return this.#reader.head > this.cursor;
  }

  /** Reads what came since the last step, one message's worth. */
  async step(): Promise<TailStep> {
    const backlog = isUnfiltered(this.#filter) ? TAIL_ROWS : FILTERED_BACKLOG;
    const dropped = Math.max(0, this.#reader.head - backlog - this.cursor);
    const { rows, through } = await this.#reader.readAfter(this.cursor + dropped, {
      filter: this.#filter,
      maxEvents: TAIL_ROWS,
      maxBytes: TAIL_BYTES,
    });
    this.cursor = Math.max(this.cursor + dropped, through);
    return { events: rows, dropped };
  }
}
