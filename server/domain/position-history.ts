import { type Coverage, coverageEdges, covers, type HashedOffset } from "./coverage.ts";

/** What a position change did to one topic. */
export interface PastChange {
  readonly id: string;
  readonly actor: string;
  /** What was covered before: by the cursors, and by those of earlier layouts. */
  readonly before: readonly Coverage[];
  /** What the cursors covered right after. */
  readonly after: Coverage;
  /** It took at least one cursor back. Earlier layouts count no more after it. */
  readonly isBack: boolean;
}

/** How a consumer came to stand where it stands in one topic. */
export interface PositionHistory {
  /** Events up to here were never meant for it. */
  readonly beganAfter: number;
  /** Oldest first. */
  readonly changes: readonly PastChange[];
  /** What is covered now: by the cursors, and by those of earlier layouts. */
  readonly now: readonly Coverage[];
}

/**
 * How an offset stands: not covered (`open`); covered because it was settled or passed over at some time; covered since
 * the beginning; or covered by nothing but a position change that went past it, which is then given.
 */
export type Standing = "open" | "settled" | "before-start" | PastChange;

const isCovered = (by: readonly Coverage[], event: HashedOffset): boolean => by.some((it) => covers(it, event));

/**
 * Follows an offset through the changes. What becomes covered between two of them was settled then, and stays that for
 * ever, though later changes uncover it or go past it: `settled` means settled at some time. What a change covers is
 * skipped by it, until another one uncovers it.
 */
export function standingOf({ beganAfter, changes, now }: PositionHistory, event: HashedOffset): Standing {
  let standing: Standing = event.offset <= beganAfter ? "before-start" : "open";
  let wasSettled = false;
  for (const change of changes) {
    const wasCovered = isCovered(change.before, event);
    if (wasCovered && standing === "open") standing = "settled";
    if (wasCovered && standing === "settled") wasSettled = true;
    if (covers(change.after, event)) {
      if (!wasCovered) standing = change;
    } else if (!wasCovered || change.isBack) {
      standing = "open";
    }
  }
  if (!isCovered(now, event)) return "open";
  return standing === "open" || wasSettled ? "settled" : standing;
}

/** Offsets in a row. `isMixed`: how they stand depends on their partitions; otherwise all stand as the first does. */
export interface Region {
  readonly from: number;
  readonly to: number;
  readonly isMixed: boolean;
}

/** 1 … head in regions, ascending, without gaps. `alsoAt`: further offsets at which one is to begin. */
export function regionsOf(history: PositionHistory, head: number, alsoAt: readonly number[] = []): Region[] {
  const edges = [...history.now, ...history.changes.flatMap((it) => [...it.before, it.after])].map(coverageEdges);
  const starts = [1, history.beganAfter + 1, ...alsoAt, ...edges.flatMap((it) => it.starts)];
  const ascending = [...new Set(starts)].filter((it) => it >= 1 && it <= head).sort((a, b) => a - b);
  const mixed = edges.flatMap((it) => (it.mixed === null ? [] : [it.mixed]));
  return ascending.map((from, index) => ({
    from,
    to: (ascending[index + 1] ?? head + 1) - 1,
    isMixed: mixed.some(([first, last]) => from >= first && from <= last),
  }));
}

/** Offsets in a row that all stand alike; null = how they stand depends on their partitions. */
export interface StandingRegion {
  readonly from: number;
  readonly to: number;
  readonly standing: Standing | null;
}

/** The same with how they stand; neighbours that stand alike are one, but for those that begin at `apartAt`. */
export function standingRegions(history: PositionHistory, head: number, apartAt: number): StandingRegion[] {
  const regions: StandingRegion[] = [];
  for (const { from, to, isMixed } of regionsOf(history, head, [apartAt])) {
    const standing = isMixed ? null : standingOf(history, { offset: from, hash: 0 });
    const last = regions.at(-1);
    if (last !== undefined && last.standing === standing && from !== apartAt) {
      regions[regions.length - 1] = { ...last, to };
    } else regions.push({ from, to, standing });
  }
  return regions;
}
