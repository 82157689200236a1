import { DomainError } from "../domain/errors.ts";
import { type EventFilter, isUnfiltered } from "../domain/event-filter.ts";
import type { FrameChunk, FrameOptions, TopicReader } from "../engine/topics/log.ts";
import type { SseConnection } from "./sse-connection.ts";
import { namedFrame } from "./sse-frame.ts";

export interface SseFollowerOptions {
  /** The first event wanted is the one after this offset. */
  readonly after: number;
  /** A place beyond the head was asked for: what is told before anything else. */
  readonly ahead?: { readonly requested: number; readonly head: number } | null;
  readonly filter: EventFilter;
  readonly onError: (error: unknown) => void;
  /** One write, and one read of the past. */
  readonly chunkBytes?: number;
  /** The wait before the database is asked again after it could not be reached. */
  readonly retryMs?: number;
}

// Large enough that a catch-up is not round trips, small enough that a slow client holds little.
const CHUNK_BYTES = 512 * 1024;
const RETRY_MS = 500;
// Behind a filter that lets little through, a client is told its place so often: coming back, it looks through no more
// than these again, some milliseconds' worth, and a frame of 60 bytes for so many events costs nothing.
const PASSED_EVENTS = 10_000;
const UNFILTERED = new Map<number, FrameOptions>();

/**
 * One follower of a topic: a cursor on its connection, not a queue. At the tail it writes the buffer that all followers
 * share, from within the reader's callback; behind it, it reads one chunk ahead while the socket takes the last one.
 * When the socket pushes back it does nothing until it drains, and then goes on from its cursor.
 */
export class SseFollower {
  readonly #connection: SseConnection;
  readonly #reader: TopicReader;
  readonly #options: FrameOptions;
  readonly #onError: (error: unknown) => void;
  readonly #retryMs: number;
  readonly #stopListening: () => void;
  #cursor: number;
  /** The client's place is here at least, by an id that it has. */
  #told: number;
  #isReading = false;
  #isCaughtUp = false;
  /** The last chunk came from the database, so the next one will, too. */
  #isBehind = false;
  /** Read ahead; written when the socket has drained. */
  #next: FrameChunk | null = null;
  #retry: NodeJS.Timeout | null = null;

  /** Takes the reader over and gives it back when the connection ends. */
  constructor(connection: SseConnection, reader: TopicReader, options: SseFollowerOptions) {
    this.#connection = connection;
    this.#reader = reader;
    this.#options = frameOptions(options.filter, options.chunkBytes ?? CHUNK_BYTES);
    this.#onError = options.onError;
    this.#retryMs = options.retryMs ?? RETRY_MS;
    this.#cursor = options.after;
    this.#told = options.after;
    const pump = (): void => this.#pump();
    this.#stopListening = reader.onAppend(pump);
    connection.onDrain(pump);
    connection.onClose(() => this.#stop());
    if (options.ahead) connection.write(namedFrame("ahead", options.ahead, String(options.ahead.head)));
    this.#pump();
  }

  #pump(): void {
    if (this.#retry !== null || this.#endIfRemoved()) return;
    while (this.#connection.isWritable) {
      if (this.#isReading && this.#next === null) return;
      const chunk = this.#take();
      if (chunk === null) {
        this.#isBehind = true;
        this.#read();
        return;
      }
      if (chunk.through <= this.#cursor) {
        this.#isBehind = false;
        this.#tellCaughtUp();
        return;
      }
      if (chunk.buffer !== null && chunk.chunked !== null) {
        this.#told = this.#cursor;
        this.#connection.writeShared({ buffer: chunk.buffer, chunked: chunk.chunked });
      }
      this.#cursor = chunk.through;
      if (this.#cursor - this.#told >= PASSED_EVENTS && chunk.buffer === null) this.#tellPlace("passed");
    }
    // The socket is busy with one chunk of the past: have the next one ready when it drains.
    const mayReadAhead = this.#connection.isOpen && !this.#isReading && this.#next === null;
    if (mayReadAhead && this.#isBehind && this.#cursor < this.#reader.head) this.#read();
  }

  /** What was written is sent first; what was not cannot be read any more. */
  #endIfRemoved(): boolean {
    if (!this.#reader.isRemoved) return false;
    this.#connection.write(namedFrame("removed", {}));
    this.#connection.close();
    return true;
  }

  #take(): FrameChunk | null {
    const ahead = this.#next;
    if (ahead !== null) {
      this.#next = null;
      return ahead;
    }
    this.#skipGap();
    return this.#reader.framesAfterNow(this.#cursor, this.#options);
  }

  /** Reads one chunk of the past from the database. */
  #read(): void {
    this.#isReading = true;
    this.#reader.framesAfter(this.#cursor, this.#options).then(
      (chunk) => {
        this.#isReading = false;
        if (!this.#connection.isOpen) return;
        this.#next = chunk;
        this.#pump();
      },
      (error: unknown) => {
        this.#isReading = false;
        this.#fail(error);
      },
    );
  }

  /** Retention has passed the next offset: say so and go on behind the gap. */
  #skipGap(): void {
    const { firstAvailable } = this.#reader;
    if (this.#cursor + 1 >= firstAvailable) return;
    const gap = { requested: this.#cursor + 1, firstAvailable };
    this.#cursor = firstAvailable - 1;
    this.#connection.write(namedFrame("gap", gap, String(this.#cursor)));
  }

  #tellCaughtUp(): void {
    if (this.#isCaughtUp) return;
    this.#isCaughtUp = true;
    this.#tellPlace("caught-up");
  }

  /**
   * With an id: a client that has seen no event resumes from here, too. A frame with data, because a bare `id:` is
   * forgotten by widespread parsers (eventsource-parser 3, and with it the `eventsource` package).
   */
  #tellPlace(frame: "caught-up" | "passed"): void {
    this.#told = this.#cursor;
    this.#connection.write(namedFrame(frame, { offset: this.#cursor }, String(this.#cursor)));
  }

  #fail(error: unknown): void {
    if (!this.#connection.isOpen) return;
    if (error instanceof DomainError && error.code === "shutting-down") {
      this.#connection.close();
      return;
    }
    if (!(error instanceof DomainError && error.code === "database-unavailable")) {
      this.#onError(error);
      this.#connection.close();
      return;
    }
    this.#retry = setTimeout(() => {
      this.#retry = null;
      this.#pump();
    }, this.#retryMs).unref();
  }

  #stop(): void {
    this.#stopListening();
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#next = null;
    this.#reader.release();
  }
}

/** Followers without a filter share one object, and with it the reader's choice of the shared buffer. */
function frameOptions(filter: EventFilter, maxBytes: number): FrameOptions {
  if (!isUnfiltered(filter)) return { filter, maxBytes };
  let shared = UNFILTERED.get(maxBytes);
  if (shared === undefined) {
    shared = { maxBytes };
    UNFILTERED.set(maxBytes, shared);
  }
  return shared;
}
