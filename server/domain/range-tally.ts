import type { OffsetRange } from "./offset-ranges.ts";

/** Counts offsets and keeps the first ranges of them. What is added must rise. */
export class RangeTally {
  readonly #maxRanges: number;
  readonly #ranges: [number, number][] = [];
  #count = 0;

  constructor(maxRanges: number) {
    this.#maxRanges = maxRanges;
  }

  get count(): number {
    return this.#count;
  }

  get ranges(): readonly OffsetRange[] {
    return this.#ranges;
  }

  /** True once further offsets are counted only. */
  get isFull(): boolean {
    return this.#ranges.length >= this.#maxRanges;
  }

  add(from: number, to = from): void {
    if (to < from) return;
    this.#count += to - from + 1;
    this.note(from, to);
  }

  /** Counts without saying where. */
  addCount(count: number): void {
    this.#count += count;
  }

  /** Says where without counting. */
  note(from: number, to = from): void {
    const last = this.#ranges.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else if (!this.isFull) this.#ranges.push([from, to]);
  }
}

/** The rest of a range without some offsets of it, which must rise. */
export function* without([from, to]: OffsetRange, offsets: Iterable<number>): Generator<OffsetRange> {
  let next = from;
  for (const offset of offsets) {
    if (offset < next) continue;
    if (offset > to) break;
    if (offset > next) yield [next, offset - 1];
    next = offset + 1;
  }
  if (next <= to) yield [next, to];
}
