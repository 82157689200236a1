import type { PartitionCursor } from "./layout.ts";
import { type OffsetRange, OffsetRanges } from "./offset-ranges.ts";

/** The coverage of one layout's cursors in one topic: everything up to a position, and what is settled above it. */
export interface Coverage {
  readonly partitions: number;
  /** By partition; one that is missing covers nothing. */
  readonly cursors: ReadonlyMap<number, Pick<PartitionCursor, "position" | "settled">>;
}

/** A place in a topic, with the number whose remainder is its partition (`sequenceHash`). */
export interface HashedOffset {
  readonly offset: number;
  readonly hash: number;
}

export function covers({ partitions, cursors }: Coverage, { offset, hash }: HashedOffset): boolean {
  const cursor = cursors.get(hash % partitions);
  return cursor !== undefined && (offset <= cursor.position || cursor.settled.has(offset));
}

/** Offsets from one up to another that no cursor covers, whatever their partition is; some offsets left out. */
export function coveredByNone(
  [from, to]: OffsetRange,
  cursors: Iterable<Pick<PartitionCursor, "position" | "settled">>,
  except: Iterable<number> = [],
): OffsetRanges {
  const covered = new OffsetRanges();
  for (const { position, settled } of cursors) {
    covered.add(1, position);
    for (const range of settled) covered.add(...range);
  }
  for (const offset of except) covered.add(offset, offset);
  const open = new OffsetRanges();
  let next = from;
  for (const [first, last] of covered) {
    open.add(next, Math.min(first - 1, to));
    next = Math.max(next, last + 1);
  }
  open.add(next, to);
  return open;
}

/** Where a coverage may change, and where it depends on the partition. */
export interface CoverageEdges {
  /** First offsets of what is covered otherwise than what comes before it. */
  readonly starts: readonly number[];
  /** Between these offsets, both included, partitions differ; null = nowhere. */
  readonly mixed: readonly [from: number, to: number] | null;
}

export function coverageEdges({ partitions, cursors }: Coverage): CoverageEdges {
  if (partitions === 1) {
    const cursor = cursors.get(0);
    if (cursor === undefined) return { starts: [], mixed: null };
    const starts = [cursor.position + 1];
    for (const [from, to] of cursor.settled) starts.push(from, to + 1);
    return { starts, mixed: null };
  }
  const all = [...cursors.values()];
  const lowest = all.length < partitions ? 0 : Math.min(...all.map((it) => it.position));
  const highest = Math.max(0, ...all.map((it) => Math.max(it.position, it.settled.last)));
  if (highest <= lowest) return { starts: [lowest + 1], mixed: null };
  return { starts: [lowest + 1, highest + 1], mixed: [lowest + 1, highest] };
}
