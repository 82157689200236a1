import type { EventRow } from "../../contract/events.ts";
import { DomainError } from "../../domain/errors.ts";
import type { EventFilter } from "../../domain/event-filter.ts";
import { isUnfiltered } from "../../domain/event-filter.ts";
import { renderEvent } from "../../domain/event-json.ts";
import type { Database } from "../../store/database.ts";
import { base64 } from "../../store/topics/event-append.ts";
import { readEventFrames } from "../../store/topics/event-frames.ts";
import { readEventRows } from "../../store/topics/event-rows.ts";
import type { EventRange } from "../../store/topics/event-source.ts";
import { readTopicHeads, type TopicHead } from "../../store/topics/heads.ts";
import { coalesced } from "../coalesced.ts";
import { asRefusal } from "../database-unavailable.ts";
import { frameChunk } from "../members/frame-chunk.ts";
import type { Gate } from "../members/gate.ts";
import type { CommittedBatch, FrameChunk, FrameOptions, ReadOptions, ReadResult } from "./log.ts";
import { EVERYTHING, filterName, TopicRing } from "./ring.ts";

export interface SharedReaderDeps {
  readonly database: Database;
  /** Shared by all topics: many followers behind their rings must not take every connection. */
  readonly gate: Gate;
  readonly onError: (error: Error) => void;
  readonly ringBytes: number;
}

// How far one filtered read looks: some 20 ms of scanning, so that a filter that nothing passes holds no connection long.
const MAX_SCAN = 50_000;
// Events that one refresh takes, and refreshes in a row before it is cheaper to let followers read the past themselves.
const REFRESH_EVENTS = 1_000;
const REFRESH_BYTES = 4 * 1024 * 1024;
const MAX_REFRESHES = 8;
// Frames beyond the payload: envelope, ids, SSE lines.
const ENVELOPE_BYTES = 240;
const DEFAULT_MAX_BYTES = 8 * 1024 * 1024;

/** One topic, read once for everybody in this process. `TopicReaders` counts its users. */
export class SharedTopicReader {
  readonly #ring: TopicRing;
  readonly #listeners = new Set<() => void>();
  readonly #reads = new Map<string, Promise<unknown>>();
  #tail: number;
  readonly #refreshing = coalesced(() => this.#readNew().catch((error: Error) => this.deps.onError(error)));
  #isClosed = false;
  #isRemoved = false;
  /** Bytes per frame as last seen, to ask the database for about as many events as the bytes allow. */
  #frameBytes = 512;

  constructor(
    readonly topic: { readonly id: number; readonly name: string },
    start: TopicHead,
    private readonly deps: SharedReaderDeps,
  ) {
    this.#ring = new TopicRing(start.head, deps.ringBytes);
    this.#tail = start.tail;
  }

  get head(): number {
    return this.#ring.head;
  }

  get tail(): number {
    return this.#tail;
  }

  listen(listener: () => void): () => void {
    const entry = () => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
  }

  handOver(batch: CommittedBatch): void {
    if (batch.base === this.#ring.head) {
      const bytes = batch.events.reduce((sum, event) => sum + aboutBytes(event), 0);
      this.#ring.push(batch.events.length, bytes, () => toRows(this.topic.name, batch));
      this.#wake();
    } else if (batch.base + batch.events.length > this.#ring.head) {
      // Another instance appended in between and its events are not here yet.
      this.refresh();
    }
  }

  get isRemoved(): boolean {
    return this.#isRemoved;
  }

  /** There is nothing more to come: listeners look, and find that out. */
  endRemoved(): void {
    this.#isRemoved = true;
    this.#wake();
  }

  /** The view of a poll. */
  notice({ head, tail }: TopicHead): void {
    this.#tail = tail;
    if (head > this.#ring.head) this.refresh();
  }

  /** Reads what is new; once more when asked again meanwhile. */
  refresh(): void {
    void this.#refreshing.run();
  }

  async #readNew(): Promise<void> {
    for (let round = 1; !this.#isClosed; round += 1) {
      const range = { ...this.#range(this.#ring.head, EVERYTHING), until: Number.MAX_SAFE_INTEGER };
      const { rows, isComplete } = await readEventRows(this.deps.database.pool, this.topic.name, {
        ...range,
        maxEvents: REFRESH_EVENTS,
        maxBytes: REFRESH_BYTES,
      });
      this.#take(rows);
      if (isComplete) return;
      if (round % MAX_REFRESHES === 0) await this.#jumpWhenFarBehind();
    }
  }

  #take(rows: readonly EventRow[]): void {
    // A hand-over may have come while the database answered.
    const fresh = rows.filter((row) => row.offset > this.#ring.head);
    const first = fresh[0];
    if (first === undefined) return;
    if (first.offset !== this.#ring.head + 1) this.#ring.jump(first.offset - 1);
    const bytes = fresh.reduce((sum, row) => sum + row.json.length, 0);
    this.#ring.push(fresh.length, bytes, () => fresh);
    this.#wake();
  }

  async #jumpWhenFarBehind(): Promise<void> {
    const [now] = await readTopicHeads(this.deps.database.pool, [this.topic.id]);
    if (now === undefined || now.head - this.#ring.head < REFRESH_EVENTS * MAX_REFRESHES) return;
    this.#ring.jump(now.head);
    this.#wake();
  }

  #wake(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        this.deps.onError(error as Error);
      }
    }
  }

  readAfterNow(after: number, options: ReadOptions): ReadResult | null {
    return this.#ring.readAfter(after, options);
  }

  async readAfter(after: number, options: ReadOptions): Promise<ReadResult> {
    const filter = options.filter ?? EVERYTHING;
    const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
    return (
      this.#ring.readAfter(after, options) ??
      this.#once(`rows ${after} ${options.maxEvents} ${maxBytes} ${filterName(filter)}`, async () => {
        const range = { ...this.#range(after, filter), maxEvents: options.maxEvents, maxBytes };
        const { rows, isComplete } = await readEventRows(this.deps.database.pool, this.topic.name, range);
        return { rows, through: isComplete ? range.until : (rows.at(-1)?.offset ?? after) };
      })
    );
  }

  framesAfterNow(after: number, options: FrameOptions): FrameChunk | null {
    return this.#ring.framesAfter(after, options);
  }

  async framesAfter(after: number, options: FrameOptions): Promise<FrameChunk> {
    const { maxBytes, filter = EVERYTHING } = options;
    return (
      this.#ring.framesAfter(after, options) ??
      this.#once(`frames ${after} ${maxBytes} ${filterName(filter)}`, async () => {
        const maxEvents = Math.max(1, Math.min(10_000, Math.ceil(maxBytes / this.#frameBytes)));
        const range = { ...this.#range(after, filter), order: "asc" as const, maxEvents, maxBytes };
        const stored = await readEventFrames(this.deps.database.pool, this.topic.name, range);
        const through = stored.isComplete ? range.until : (stored.last ?? after);
        const chunk = frameChunk(stored.frames, { through, count: stored.count });
        if (chunk.buffer !== null) this.#frameBytes = Math.max(64, chunk.buffer.byteLength / stored.count);
        return chunk;
      })
    );
  }

  /** The range that one read may look at. It ends at the head known here, which every later snapshot sees. */
  #range(after: number, filter: EventFilter): EventRange {
    const isBounded = !isUnfiltered(filter) && filter.keys === undefined;
    const until = isBounded ? Math.min(this.#ring.head, Math.max(after, this.#tail - 1) + MAX_SCAN) : this.#ring.head;
    return { topicId: this.topic.id, order: "asc", after, until, filter, maxEvents: 1, maxBytes: DEFAULT_MAX_BYTES };
  }

  /** Identical reads that are under way share one query. */
  async #once<T>(name: string, read: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new DomainError("shutting-down", "the server is stopping");
    let shared = this.#reads.get(name) as Promise<T> | undefined;
    if (shared === undefined) {
      shared = this.deps.gate.run(read).finally(() => this.#reads.delete(name));
      this.#reads.set(name, shared);
    }
    try {
      return await shared;
    } catch (error) {
      throw asRefusal(error);
    }
  }
}

function aboutBytes(event: CommittedBatch["events"][number]): number {
  const data = event.data?.length ?? (event.dataBytes === null ? 0 : event.dataBytes.byteLength * 1.34);
  return ENVELOPE_BYTES + data + event.attributes.length;
}

function toRows(topic: string, batch: CommittedBatch): EventRow[] {
  return batch.events.map((event, index) => {
    const { id, type, key, data, dataBytes, attributes } = event;
    const offset = batch.base + index + 1;
    const { recordedAt } = batch;
    const dataBase64 = dataBytes === null ? null : base64(dataBytes);
    const json = renderEvent({ topic, offset, id, type, key, recordedAt, data, dataBase64, attributes });
    return { offset, id, type, key, recordedAt, json };
  });
}
