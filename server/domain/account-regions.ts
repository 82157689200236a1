import type { PastClass, TopicPast } from "./account-class.ts";
import { type EventFilter, filterText, isUnfiltered } from "./event-filter.ts";
import { reachOf } from "./handled-before.ts";
import type { OffsetRanges } from "./offset-ranges.ts";
import { type Standing, standingEdges, standingOf } from "./position-history.ts";
import { inAny, inFirstOnly } from "./range-sets.ts";

/** What became of events by whether a filter lets them through. */
export interface AccountRule {
  readonly filter: EventFilter;
  readonly passing: PastClass;
  readonly excluded: PastClass;
}

/** Offsets in a row that are told alike. */
export interface AccountRegion {
  readonly from: number;
  readonly to: number;
  /** Null: each event has to be looked at (`pastClassOf`). */
  readonly rule: AccountRule | null;
  /** What they are where the events are gone, and the filter tells nothing any more. */
  readonly gone: PastClass;
}

const EVERYTHING: EventFilter = {};

/**
 * 1 … head in regions, ascending, without gaps, so that most offsets are counted by arithmetic. One begins at `tail`.
 * What is parked is told by its row: so that 100,000 of it do not make as many regions, it is taken for its neighbours.
 */
export function accountRegions(
  past: TopicPast,
  { head, tail, parked }: { readonly head: number; readonly tail: number; readonly parked: OffsetRanges },
): AccountRegion[] {
  const { history, handled } = past;
  const edges = standingEdges(history);
  const isMixed = inAny([edges.mixed]);
  const layers = handled.layers.map((layer) => {
    const { all, mixed } = reachOf(layer);
    const beside = [...parked].filter(([from, to]) => all.has(from - 1) || all.has(to + 1));
    return { filter: layer.filter, all: inAny([all, beside]), mixed: inFirstOnly(mixed, parked) };
  });
  const starts = [1, tail, ...edges.starts];
  for (const { all, mixed } of layers) for (const [from, to] of [...all, ...mixed]) starts.push(from, to + 1);
  const ascending = [...new Set(starts)].filter((it) => it >= 1 && it <= head).sort((a, b) => a - b);

  const kinds = new Map<string, Pick<AccountRegion, "rule" | "gone">>();
  const regions: (AccountRegion & { to: number })[] = [];
  ascending.forEach((from, index) => {
    const to = (ascending[index + 1] ?? head + 1) - 1;
    const standing = isMixed.has(from) ? null : standingOf(history, { offset: from, hash: 0 });
    const reached = layers.filter((it) => it.all.has(from)).map((it) => it.filter);
    const depends = layers.some((it) => it.mixed.has(from));
    const name = kindName(standing, reached, depends);
    const kind = kinds.get(name) ?? kindOf(past, { standing, reached, depends });
    kinds.set(name, kind);
    const last = regions.at(-1);
    if (last !== undefined && last.rule === kind.rule && last.gone === kind.gone && from !== tail) last.to = to;
    else regions.push({ from, to, ...kind });
  });
  return regions;
}

function kindName(standing: Standing | null, reached: readonly EventFilter[], depends: boolean): string {
  const by = typeof standing === "string" ? standing : `${standing?.id}`;
  return JSON.stringify([by, depends, ...reached.map(filterText)]);
}

interface Kind {
  /** Null: it depends on the partition. */
  readonly standing: Standing | null;
  /** The filters under which all of them were come past. */
  readonly reached: readonly EventFilter[];
  /** Whether still others of them were come past depends on the partition. */
  readonly depends: boolean;
}

function kindOf(past: TopicPast, kind: Kind): Pick<AccountRegion, "rule" | "gone"> {
  const { standing, reached } = kind;
  const isSettled = standing === null || standing === "passed" || (standing !== "open" && reached.length > 0);
  return { rule: ruleOf(past, kind), gone: isSettled ? "settled" : standing };
}

/** Null where it takes more than one filter, or the partition, to tell. */
function ruleOf({ filter, handled, history }: TopicPast, { standing, reached, depends }: Kind): AccountRule | null {
  if (standing === null) return null;
  const own = new Map(reached.map((it) => [filterText(it), it]));
  if (standing === "open") {
    const isToldByNow = isUnfiltered(filter) || (!depends && [...own.keys()].every((it) => it === filterText(filter)));
    return isToldByNow ? { filter, passing: "open", excluded: "filtered" } : null;
  }
  if (reached.some(isUnfiltered)) return { filter: EVERYTHING, passing: "settled", excluded: "filtered" };
  if (depends || own.size > 1) return null;
  const [of] = own.values();
  switch (standing) {
    case "before-start":
      return { filter: of ?? EVERYTHING, passing: of === undefined ? standing : "settled", excluded: standing };
    case "passed": {
      if (of !== undefined) return { filter: of, passing: "settled", excluded: "filtered" };
      const known = [filter, ...handled.layers.map((it) => it.filter), ...history.changes.map((it) => it.filter ?? {})];
      return known.every(isUnfiltered) ? { filter: EVERYTHING, passing: "before-start", excluded: "filtered" } : null;
    }
    default: {
      const then = standing.filter ?? filter;
      if (of === undefined) return { filter: then, passing: standing, excluded: "filtered" };
      return filterText(of) === filterText(then) ? { filter: of, passing: "settled", excluded: "filtered" } : null;
    }
  }
}
