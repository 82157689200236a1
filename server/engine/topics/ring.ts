import type { EventRow } from "../../contract/events.ts";
import { type EventFilter, isUnfiltered, passes } from "../../domain/event-filter.ts";
import { frameChunk } from "../members/frame-chunk.ts";
import type { FrameChunk, FrameOptions, ReadOptions, ReadResult } from "./log.ts";

export const EVERYTHING: EventFilter = {};

/** Some consecutive events that arrived together. Rows and frames are made when somebody first asks for them. */
interface Segment {
  /** Offset before the first event. */
  readonly base: number;
  readonly last: number;
  readonly bytes: number;
  rows(): readonly EventRow[];
}

// A follower at the tail asks for what its neighbours asked for a moment ago; a few late ones ask from elsewhere.
const MAX_SHARED_CHUNKS = 32;

/** The newest events of one topic without a gap, bounded by bytes. */
export class TopicRing {
  #segments: Segment[] = [];
  #bytes = 0;
  #head: number;
  readonly #chunks = new Map<string, FrameChunk>();

  constructor(
    head: number,
    private readonly maxBytes: number,
  ) {
    this.#head = head;
  }

  get head(): number {
    return this.#head;
  }

  /** Offset after which everything up to the head is here. */
  get base(): number {
    return this.#segments[0]?.base ?? this.#head;
  }

  /** Takes the events after the head. `bytes` is about what their JSON will weigh. */
  push(count: number, bytes: number, makeRows: () => readonly EventRow[]): void {
    let made: readonly EventRow[] | null = null;
    const base = this.#head;
    this.#head += count;
    this.#segments.push({
      base,
      last: this.#head,
      bytes,
      rows() {
        made ??= makeRows();
        return made;
      },
    });
    this.#bytes += bytes;
    let surplus = 0;
    while (this.#bytes > this.maxBytes && surplus < this.#segments.length - 1) {
      this.#bytes -= this.#segments[surplus]?.bytes ?? 0;
      surplus += 1;
    }
    if (surplus > 0) this.#segments.splice(0, surplus);
  }

  /** Forgets everything and goes on from a later head. */
  jump(head: number): void {
    this.#segments = [];
    this.#bytes = 0;
    this.#head = head;
    this.#chunks.clear();
  }

  /** Null when the ring does not reach back that far. */
  readAfter(after: number, options: ReadOptions): ReadResult | null {
    if (after >= this.#head) return { rows: [], through: after };
    if (after < this.base) return null;
    const filter = options.filter ?? EVERYTHING;
    const maxBytes = options.maxBytes ?? Number.POSITIVE_INFINITY;
    const rows: EventRow[] = [];
    let bytes = 0;
    for (const row of this.#rowsAfter(after)) {
      if (!passes(filter, row)) continue;
      rows.push(row);
      bytes += row.json.length;
      if (rows.length >= options.maxEvents || bytes >= maxBytes) return { rows, through: row.offset };
    }
    return { rows, through: this.#head };
  }

  /** Null when the ring does not reach back that far. */
  framesAfter(after: number, options: FrameOptions): FrameChunk | null {
    if (after >= this.#head) return frameChunk("", { through: after, count: 0 });
    if (after < this.base) return null;
    const filter = options.filter ?? EVERYTHING;
    const name = `${after} ${options.maxBytes} ${filterName(filter)}`;
    const shared = this.#chunks.get(name);
    // A chunk that ended at what was the head then, and still has room, would make a late follower take many small steps.
    if (shared !== undefined && (shared.through === this.#head || isFull(shared, options.maxBytes))) return shared;
    const chunk = this.#renderAfter(after, filter, options.maxBytes);
    this.#chunks.delete(name);
    this.#chunks.set(name, chunk);
    if (this.#chunks.size > MAX_SHARED_CHUNKS) {
      const oldest = this.#chunks.keys().next();
      if (!oldest.done) this.#chunks.delete(oldest.value);
    }
    return chunk;
  }

  #renderAfter(after: number, filter: EventFilter, maxBytes: number): FrameChunk {
    const all = isUnfiltered(filter);
    let frames = "";
    let count = 0;
    let through = this.#head;
    for (const row of this.#rowsAfter(after)) {
      if (!all && !passes(filter, row)) continue;
      frames += renderFrame(row);
      count += 1;
      if (frames.length >= maxBytes) {
        through = row.offset;
        break;
      }
    }
    return frameChunk(frames, { through, count });
  }

  *#rowsAfter(after: number): Generator<EventRow> {
    for (let index = this.#segmentAfter(after); index < this.#segments.length; index += 1) {
      const segment = this.#segments[index] as Segment;
      const rows = segment.rows();
      for (let place = Math.max(0, after - segment.base); place < rows.length; place += 1)
        yield rows[place] as EventRow;
    }
  }

  /** Index of the segment that holds the event after an offset, by bisection. */
  #segmentAfter(after: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#segments[middle] as Segment).last <= after) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Event JSON holds no line break, so one `data:` line carries it whole. */
export function renderFrame(row: Pick<EventRow, "offset" | "json">): string {
  return `id: ${row.offset}\ndata: ${row.json}\n\n`;
}

function isFull(chunk: FrameChunk, maxBytes: number): boolean {
  return chunk.buffer !== null && chunk.buffer.byteLength >= maxBytes;
}

const filterNames = new WeakMap<EventFilter, string>();

/** Equal for equal filters: followers of one filter share their chunks though each parsed it for itself. */
export function filterName(filter: EventFilter): string {
  if (isUnfiltered(filter)) return "";
  let name = filterNames.get(filter);
  if (name === undefined) {
    name = JSON.stringify([filter.types ?? null, filter.keys ?? null, filter.keyPrefix ?? null]);
    filterNames.set(filter, name);
  }
  return name;
}
