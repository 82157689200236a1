import type { Account } from "../../contract/account.ts";
import { isOpen, pastClassOf, type TopicPast } from "../../domain/account-class.ts";
import { type AccountRegion, type AccountRule, accountRegions } from "../../domain/account-regions.ts";
import { AccountTally, within } from "../../domain/account-tally.ts";
import { type EventFilter, filterText, isUnfiltered, passes } from "../../domain/event-filter.ts";
import { type OffsetRange, OffsetRanges } from "../../domain/offset-ranges.ts";
import { without } from "../../domain/range-tally.ts";
import type { Queryable } from "../../store/database.ts";
import {
  type AccountEvent,
  countExcluded,
  selectAccountEvents,
  selectOffsets,
  selectParkedOffsets,
} from "../../store/insight/account-events-select.ts";
import type { AccountFacts } from "../../store/insight/account-facts-select.ts";

/** Events looked at to find the ranges of a class. */
const MAX_LOOKED_AT = 2_000;
/** Read at once; looking at them takes some 5 ms, for which nothing else is done. */
const PAGE = 10_000;

export interface AccountSubject {
  readonly consumerId: number;
  readonly topicId: number;
  readonly facts: AccountFacts;
  readonly past: TopicPast;
  /** Offsets of this topic in flight here. */
  readonly inFlight: readonly number[];
}

/** What the counting of one topic goes by. Offsets ascend. */
interface Counting extends AccountSubject {
  readonly tally: AccountTally;
  readonly parked: readonly number[];
  /** What is told by the row it is parked in, or by being in flight, and not by the filter. */
  readonly apart: ReadonlySet<number>;
}

/**
 * Puts every offset from 1 to head into exactly one class. The first that holds: parked, expired, in flight, and then
 * what became of it in the past (`pastClassOf`). Offsets that are told alike are counted by arithmetic, and a filter's
 * share of them by one scan in the database; only where partitions or several filters decide are events looked at one by
 * one. All of it in the caller's snapshot.
 */
export async function countAccount(
  db: Queryable,
  subject: AccountSubject,
): Promise<Omit<Account, "consumer" | "topic">> {
  const { consumerId, topicId, facts, past } = subject;
  const { head, tail } = facts;
  const rows = await selectParkedOffsets(db, { consumerId, topicId });
  const tally = new AccountTally();
  for (const { offset, state } of rows) tally.of(state).add(offset);
  const parked = rows.map((it) => it.offset);
  const inFlight = await wantedOf(db, subject);
  const regions = accountRegions(past, { head, tail, parked: new OffsetRanges(parked.map((it) => [it, it])) });
  const open = regions.filter((it) => it.to >= tail && it.rule?.passing === "open");
  const flying = open.flatMap(({ from, to }) => within(inFlight, [from, to]));
  const counting: Counting = { ...subject, inFlight, tally, parked, apart: new Set([...parked, ...flying]) };

  const excluded = await excludedIn(db, counting, regions);
  const looked = lookAt(db, counting, regions);
  for (const region of regions) {
    if (region.to < tail) countGone(counting, region);
    else if (region.rule === null) await countMixed(counting, { region, looked });
    else await countUniform(db, counting, { region, rule: region.rule, excluded: excluded.get(region.from) ?? 0 });
  }
  return { head, ...tally.result() };
}

/** What is in flight, ascending, but for what another filter has come to exclude: its holder has not heard of it yet. */
async function wantedOf(db: Queryable, { topicId, inFlight, past }: AccountSubject): Promise<readonly number[]> {
  const offsets = [...new Set(inFlight)].sort((a, b) => a - b);
  if (offsets.length === 0 || isUnfiltered(past.filter)) return offsets;
  const events = await selectAccountEvents(db, { topicId, ranges: offsets.map((it): OffsetRange => [it, it]) });
  return events.filter((it) => passes(past.filter, it)).map((it) => it.offset);
}

/** By the first offset of a region, how many of its events the filter excludes; what is parked or in flight apart. */
async function excludedIn(
  db: Queryable,
  { topicId, facts, apart }: Counting,
  regions: readonly AccountRegion[],
): Promise<Map<number, number>> {
  const byFilter = new Map<string, { filter: EventFilter; ranges: OffsetRange[] }>();
  for (const { from, to, rule } of regions) {
    if (rule === null || to < facts.tail || isUnfiltered(rule.filter)) continue;
    const text = filterText(rule.filter);
    const own = byFilter.get(text) ?? { filter: rule.filter, ranges: [] };
    byFilter.set(text, own);
    own.ranges.push([from, to]);
  }
  const excluded = new Map<number, number>();
  for (const { filter, ranges } of byFilter.values()) {
    const counts = await countExcluded(db, { topicId, filter }, { ranges, except: [...apart] });
    ranges.forEach(([from], index) => {
      excluded.set(from, counts[index] ?? 0);
    });
  }
  return excluded;
}

/** Retention has taken the events: what the filter made of them is not known any more. */
function countGone({ tally, parked, facts }: Counting, { from, to, gone }: AccountRegion): void {
  const range: OffsetRange = [from, to];
  const own = gone === "open" ? tally.of("expired") : tally.past(gone);
  for (const rest of without(range, within(parked, range))) {
    if (gone === "open") own.add(...rest);
    else
      for (const [piece, isExpired] of split(rest, facts.expired))
        (isExpired ? tally.of("expired") : own).add(...piece);
  }
}

/** A range in pieces that lie in a set, and pieces that do not. */
function* split([from, to]: OffsetRange, set: Iterable<OffsetRange>): Generator<[OffsetRange, boolean]> {
  let next = from;
  for (const [first, last] of set) {
    if (last < next) continue;
    if (first > to) break;
    if (first > next) yield [[next, first - 1], false];
    yield [[Math.max(next, first), Math.min(last, to)], true];
    next = last + 1;
  }
  if (next <= to) yield [[next, to], false];
}

async function countUniform(
  db: Queryable,
  { tally, topicId, parked, apart, inFlight }: Counting,
  { region, rule, excluded }: { region: AccountRegion; rule: AccountRule; excluded: number },
): Promise<void> {
  const range: OffsetRange = [region.from, region.to];
  const parkedHere = new Set(within(parked, range));
  const flying = rule.passing === "open" ? within(inFlight, range).filter((it) => !parkedHere.has(it)) : [];
  for (const offset of flying) tally.of("inFlight").add(offset);
  const taken = [...parkedHere, ...flying].sort((a, b) => a - b);
  const counts = { excluded, passing: range[1] - range[0] + 1 - taken.length - excluded };
  for (const side of ["excluded", "passing"] as const) {
    const own = tally.past(rule[side]);
    own.addCount(counts[side]);
    if (counts[side] === 0 || own.isFull) continue;
    if (isUnfiltered(rule.filter)) {
      for (const rest of without(range, taken)) {
        own.note(...rest);
        if (own.isFull) break;
      }
      continue;
    }
    const filtered = { topicId, filter: rule.filter };
    const isExcluded = side === "excluded";
    for (const offset of await selectOffsets(db, filtered, { range, isExcluded, limit: MAX_LOOKED_AT })) {
      if (!apart.has(offset)) own.note(offset);
    }
  }
}

/** Each event by itself. */
async function countMixed(
  { tally, past, inFlight, parked }: Counting,
  { region: { from, to }, looked }: { region: AccountRegion; looked: Looking },
): Promise<void> {
  const flying = new Set(within(inFlight, [from, to]));
  const told = new Set(within(parked, [from, to]));
  for (let event = await looked.next(to); event !== null; event = await looked.next(to)) {
    if (told.has(event.offset)) continue;
    const isFlying = flying.has(event.offset) && isOpen(past, event);
    (isFlying ? tally.of("inFlight") : tally.past(pastClassOf(past, event))).add(event.offset);
  }
}

interface Looking {
  /** The next event up to an offset; null = there are no more. */
  next(through: number): Promise<AccountEvent | null>;
}

/** Reads the events of all regions that have no rule, a page at a time: there may be many small ones. */
function lookAt(db: Queryable, { topicId, facts }: Counting, regions: readonly AccountRegion[]): Looking {
  const wanted = regions.filter((it) => it.rule === null && it.to >= facts.tail);
  const pages = pagesOf(wanted.map(({ from, to }): OffsetRange => [from, to]));
  let page: AccountEvent[] = [];
  let place = 0;
  let readThrough = 0;
  return {
    async next(through) {
      while (place >= page.length && readThrough < through) {
        const { value: ranges } = pages.next();
        if (ranges === undefined) return null;
        page = await selectAccountEvents(db, { topicId, ranges });
        place = 0;
        readThrough = ranges.at(-1)?.[1] ?? through;
      }
      const event = page[place];
      if (event === undefined || event.offset > through) return null;
      place += 1;
      return event;
    },
  };
}

/** Ranges put together, or cut, so that each page has at most as many offsets. */
function* pagesOf(ranges: readonly OffsetRange[]): Generator<OffsetRange[], undefined> {
  let page: OffsetRange[] = [];
  let room = PAGE;
  for (const [first, last] of ranges) {
    for (let from = first; from <= last; ) {
      const to = Math.min(last, from + room - 1);
      page.push([from, to]);
      room -= to - from + 1;
      from = to + 1;
      if (room > 0) continue;
      yield page;
      page = [];
      room = PAGE;
    }
  }
  if (page.length > 0) yield page;
}
