import type { EventRow } from "../../contract/events.ts";
import type { EventFilter } from "../../domain/event-filter.ts";
import type { IdentifiedEvent } from "../../store/topics/event-append.ts";

export interface ReadOptions {
  readonly filter?: EventFilter;
  /** At most this many rows; at least 1. */
  readonly maxEvents: number;
  /** Stop after the row that passes this many bytes of JSON. */
  readonly maxBytes?: number;
}

/** The view of one read: the rows that pass the filter, in offset order, and how far it looked. */
export interface ReadResult {
  readonly rows: readonly EventRow[];
  /** Every event up to this offset was looked at; equals `after` when nothing newer exists. */
  readonly through: number;
}

export interface FrameOptions {
  readonly filter?: EventFilter;
  /** Stop after the frame that passes this many bytes. */
  readonly maxBytes: number;
}

/** Finished SSE frames (`id: <offset>`, `data: <event>`), ready to be written as they are. */
export interface FrameChunk {
  /** Null when nothing passed. Shared with other followers: never write into it. */
  readonly buffer: Buffer | null;
  /** The same as one chunk of HTTP's chunked coding, shared as well. */
  readonly chunked: Buffer | null;
  /** Every event up to this offset was looked at; equals `after` when nothing newer exists. */
  readonly through: number;
  /** Frames in the buffer. */
  readonly count: number;
}

/**
 * One topic as every reader in this process shares it. Reads fail with `database-unavailable` while the database is
 * away (a repeat may succeed) and with `shutting-down` after the readers closed.
 */
export interface TopicReader {
  readonly topicId: number;
  readonly topic: string;
  /** Offset of the newest event known here; the truth may be ahead by one wake-up. */
  readonly head: number;
  /** Offset of the first event still retained, as of a second ago at most. Asking from before it leaves a gap. */
  readonly firstAvailable: number;
  /** The topic is in the bin: there is nothing more to come. Listeners of appends are told of it, too. */
  readonly isRemoved: boolean;
  /** Reads after an offset: from the shared ring when it reaches back that far, else from the database. */
  readAfter(after: number, options: ReadOptions): Promise<ReadResult>;
  /** The same without a promise, or null when the database has to be asked. */
  readAfterNow(after: number, options: ReadOptions): ReadResult | null;
  /**
   * The next frames after an offset. At the tail all followers with the same filter are given the same buffer; behind
   * the ring the database builds the chunk.
   */
  framesAfter(after: number, options: FrameOptions): Promise<FrameChunk>;
  /** The same without a promise, or null when the database has to be asked. */
  framesAfterNow(after: number, options: FrameOptions): FrameChunk | null;
  /** Calls back after newer events became readable. Returns how to stop. */
  onAppend(listener: () => void): () => void;
  /** Gives the reader back; it lets go of its ring when nobody uses it. */
  release(): void;
}

export interface TopicReaders {
  /** Joins the reader of a topic, opening it when nobody follows the topic yet. */
  open(
    topic: { readonly id: number; readonly name: string },
    options?: {
      /** It is for somebody who follows the topic, not for a consumer. */
      readonly isFollower?: boolean;
    },
  ): Promise<TopicReader>;
  /** Streams that follow a topic here. */
  followers(topicId: number): number;
  /** Takes over what this process just committed, so that it need not be read back. */
  handOver(batch: CommittedBatch): void;
  close(): Promise<void>;
}

/** Events as they were just committed, at offsets base + 1 … base + n. */
export interface CommittedBatch {
  readonly topicId: number;
  readonly base: number;
  readonly recordedAt: string;
  readonly events: readonly IdentifiedEvent[];
}
