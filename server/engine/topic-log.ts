import type { EventRow } from "../contract/events.ts";
import type { EventFilter } from "../domain/event-filter.ts";

export interface ReadOptions {
  readonly filter?: EventFilter;
  /** At most this many rows; at least 1. */
  readonly maxEvents: number;
  /** Stop after the row that passes this many bytes of JSON. */
  readonly maxBytes?: number;
}

/** What one read saw: the rows that pass the filter, in offset order, and how far it looked. */
export interface ReadResult {
  readonly rows: readonly EventRow[];
  /** Every event up to this offset was looked at; equals `after` when nothing newer exists. */
  readonly through: number;
}

/** One topic as every reader in this process shares it. */
export interface TopicReader {
  readonly topicId: number;
  readonly topic: string;
  /** Offset of the newest event known here; the truth may be ahead by one wake-up. */
  readonly head: number;
  /** Reads after an offset: from the shared ring when it reaches back that far, else from the database. */
  readAfter(after: number, options: ReadOptions): Promise<ReadResult>;
  /** Calls back after newer events became readable. Returns how to stop. */
  onAppend(listener: () => void): () => void;
  /** Gives the reader back; it lets go of its ring when nobody uses it. */
  release(): void;
}

export interface TopicReaders {
  /** Joins the reader of a topic, opening it when nobody follows the topic yet. */
  open(topic: { readonly id: number; readonly name: string }): Promise<TopicReader>;
  close(): Promise<void>;
}
