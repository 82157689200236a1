/** From one offset to another, both included. */
export type OffsetRange = readonly [from: number, to: number];

/** A set of offsets as sorted, disjoint ranges that never touch. Small: its size is the number of gaps, not of offsets. */
export class OffsetRanges {
  readonly #from: number[] = [];
  readonly #to: number[] = [];

  constructor(ranges: Iterable<OffsetRange> = []) {
    for (const [from, to] of ranges) this.add(from, to);
  }

  get size(): number {
    return this.#from.length;
  }

  /** The greatest offset in the set; 0 when it is empty. */
  get last(): number {
    return this.#to.at(-1) ?? 0;
  }

  add(from: number, to: number): void {
    if (to < from) return;
    // The first range that reaches `from` or touches it, and the first that lies wholly beyond `to`.
    const start = this.#firstEndingAtOrAfter(from - 1);
    const end = this.#firstStartingAfter(to + 1);
    const low = start < end ? Math.min(from, this.#from[start] ?? from) : from;
    const high = start < end ? Math.max(to, this.#to[end - 1] ?? to) : to;
    this.#from.splice(start, end - start, low);
    this.#to.splice(start, end - start, high);
  }

  has(offset: number): boolean {
    const index = this.#firstEndingAtOrAfter(offset);
    const from = this.#from[index];
    return from !== undefined && from <= offset;
  }

  *[Symbol.iterator](): Generator<OffsetRange> {
    for (let i = 0; i < this.#from.length; i++) yield [this.#from[i] ?? 0, this.#to[i] ?? 0];
  }

  #firstEndingAtOrAfter(offset: number): number {
    return lowerBound(this.#to, offset);
  }

  #firstStartingAfter(offset: number): number {
    return lowerBound(this.#from, offset + 1);
  }
}

/** Index of the first element ≥ value in an ascending array; its length when there is none. */
export function lowerBound(ascending: readonly number[], value: number, from = 0): number {
  let low = from;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** PostgreSQL's canonical `int8multirange` text, such as `{[3,5),[9,10)}`. */
export function parseRanges(text: string): OffsetRanges {
  const ranges = new OffsetRanges();
  for (const [, from, end] of text.matchAll(/\[(\d+),(\d+)\)/g)) ranges.add(Number(from), Number(end) - 1);
  return ranges;
}

export function formatRanges(ranges: Iterable<OffsetRange>): string {
  let text = "";
  for (const [from, to] of ranges) text += `${text === "" ? "" : ","}[${from},${to + 1})`;
  return `{${text}}`;
}
