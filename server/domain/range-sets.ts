import { type OffsetRange, OffsetRanges } from "./offset-ranges.ts";

/** What is in any of the sets. */
export function inAny(sets: readonly Iterable<OffsetRange>[]): OffsetRanges {
  // In order, so that every range is appended: in between, each would move all that come after it.
  const all = sets.flatMap((it) => [...it]).sort(([a], [b]) => a - b);
  return new OffsetRanges(all);
}

/** What is in one set and not in another. */
export function inFirstOnly(set: Iterable<OffsetRange>, taken: Iterable<OffsetRange>): OffsetRanges {
  const left = new OffsetRanges();
  const gaps = [...taken];
  let i = 0;
  for (const [from, to] of set) {
    let next = from;
    while (i < gaps.length && (gaps[i]?.[1] ?? 0) < from) i += 1;
    for (let k = i; k < gaps.length; k++) {
      const [first, last] = gaps[k] ?? [0, 0];
      if (first > to) break;
      left.add(next, first - 1);
      next = Math.max(next, last + 1);
    }
    left.add(next, to);
  }
  return left;
}

/** What is in all of the sets; nothing when there are none. */
export function inAll(sets: readonly OffsetRanges[]): OffsetRanges {
  const [first, ...others] = sets;
  if (first === undefined) return new OffsetRanges();
  return others.reduce((common, it) => inFirstOnly(common, inFirstOnly(common, it)), first);
}
