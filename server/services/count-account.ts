import type { Account } from "../contract/account.ts";
import { AccountTally, within } from "../domain/account-tally.ts";
import { isUnfiltered } from "../domain/event-filter.ts";
import type { OffsetRange } from "../domain/offset-ranges.ts";
import { sequenceHash } from "../domain/partition-of.ts";
import { type Standing, standingOf, standingRegions } from "../domain/position-history.ts";
import { without } from "../domain/range-tally.ts";
import {
  countExcluded,
  selectAccountEvents,
  selectOffsets,
  selectParkedOffsets,
} from "../store/account-events-select.ts";
import type { AccountFacts } from "../store/account-facts-select.ts";
import type { SubscribedTopic } from "../store/consumer-setup-select.ts";
import type { Queryable } from "../store/database.ts";

/** Events looked at to find the ranges of a class. */
const MAX_LOOKED_AT = 2_000;
/** Read at once; looking at them takes some 5 ms, for which nothing else is done. */
const PAGE = 10_000;

export interface AccountSubject {
  readonly consumerId: number;
  readonly subscribed: SubscribedTopic;
  readonly facts: AccountFacts;
  /** Offsets of this topic in flight here. */
  readonly inFlight: readonly number[];
}

/** What the counting of one topic goes by. Offsets ascend. */
interface Counting extends AccountSubject {
  readonly tally: AccountTally;
  readonly parked: readonly number[];
  /** What is told by the row it is parked in, or by being in flight, and not by the filter. */
  readonly apart: Set<number>;
}

/**
 * Puts every offset from 1 to head into exactly one class. The first that holds: parked, expired, in flight, excluded by
 * the filter, and then how the positions came past it, or that they did not. Offsets that all stand alike are counted by
 * arithmetic, and the filter's share of them by one scan in the database; only where partitions differ are events looked
 * at one by one. All of it in the caller's snapshot.
 */
export async function countAccount(
  db: Queryable,
  subject: AccountSubject,
): Promise<Omit<Account, "consumer" | "topic">> {
  const { consumerId, subscribed, facts } = subject;
  const { head, tail, history } = facts;
  const rows = await selectParkedOffsets(db, { consumerId, topicId: subscribed.topicId });
  const tally = new AccountTally();
  for (const { offset, state } of rows) tally.of(state).add(offset);
  const parked = rows.map((it) => it.offset);
  const inFlight = [...new Set(subject.inFlight)].sort((a, b) => a - b);
  const counting: Counting = { ...subject, inFlight, tally, parked, apart: new Set(parked) };

  const regions = standingRegions(history, head, tail);
  const uniform = regions.filter((it) => it.to >= tail && it.standing !== null);
  for (const { from, to, standing } of uniform) {
    if (standing === "open") for (const offset of within(inFlight, [from, to])) counting.apart.add(offset);
  }
  const excluded = await excludedIn(
    db,
    counting,
    uniform.map((it) => [it.from, it.to]),
  );
  for (const { from, to, standing } of regions) {
    const range: OffsetRange = [from, to];
    if (to < tail) countGone(counting, range, standing ?? "settled");
    else if (standing === null) await countMixed(db, counting, range);
    else await countUniform(db, counting, { range, standing, excluded: excluded.get(from) ?? 0 });
  }
  await noteFiltered(db, counting);
  return { head, ...tally.result() };
}

/** By the first offset of a range, how many of its events the filter excludes; what is parked or in flight apart. */
async function excludedIn(
  db: Queryable,
  { subscribed, apart }: Counting,
  ranges: readonly OffsetRange[],
): Promise<Map<number, number>> {
  if (isUnfiltered(subscribed.filter)) return new Map();
  const counts = await countExcluded(db, subscribed, { ranges, except: [...apart] });
  return new Map(ranges.map(([from], index) => [from, counts[index] ?? 0]));
}

/** Retention has taken the events: what the filter made of them is not known any more. */
function countGone({ tally, parked, facts }: Counting, range: OffsetRange, standing: Standing): void {
  const own = standing === "open" ? tally.of("expired") : tally.standing(standing);
  for (const rest of without(range, within(parked, range))) {
    if (standing === "open") own.add(...rest);
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
  { tally, parked, apart, inFlight, subscribed }: Counting,
  { range, standing, excluded }: { range: OffsetRange; standing: Standing; excluded: number },
): Promise<void> {
  const parkedHere = new Set(within(parked, range));
  const flying = standing === "open" ? within(inFlight, range).filter((it) => !parkedHere.has(it)) : [];
  for (const offset of flying) tally.of("inFlight").add(offset);
  tally.of("filtered").addCount(excluded);
  const own = tally.standing(standing);
  const count = range[1] - range[0] + 1 - parkedHere.size - flying.length - excluded;
  own.addCount(count);
  if (count === 0 || own.isFull) return;
  if (!isUnfiltered(subscribed.filter)) {
    for (const offset of await selectOffsets(db, subscribed, { range, isExcluded: false, limit: MAX_LOOKED_AT })) {
      if (!apart.has(offset)) own.note(offset);
    }
    return;
  }
  const taken = [...parkedHere, ...flying].sort((a, b) => a - b);
  for (const rest of without(range, taken)) {
    own.note(...rest);
    if (own.isFull) return;
  }
}

/** Partitions stand at different places: each event by its own. */
async function countMixed(db: Queryable, counting: Counting, [from, to]: OffsetRange): Promise<void> {
  const { tally, facts, subscribed } = counting;
  const parked = new Set(within(counting.parked, [from, to]));
  const inFlight = new Set(within(counting.inFlight, [from, to]));
  for (let next = from; next <= to; ) {
    const events = await selectAccountEvents(db, subscribed, { range: [next, to], limit: PAGE });
    for (const { offset, key, isExcluded } of events) {
      if (parked.has(offset)) continue;
      const standing = standingOf(facts.history, { offset, hash: sequenceHash({ key, offset }) });
      if (standing === "open" && inFlight.has(offset)) {
        tally.of("inFlight").add(offset);
        counting.apart.add(offset);
      } else if (isExcluded) tally.of("filtered").addCount(1);
      else tally.standing(standing).add(offset);
    }
    next = (events.at(-1)?.offset ?? to) + 1;
  }
}

async function noteFiltered(db: Queryable, { tally, facts, subscribed, apart }: Counting): Promise<void> {
  const filtered = tally.of("filtered");
  if (filtered.count === 0) return;
  const range: OffsetRange = [facts.tail, facts.head];
  for (const offset of await selectOffsets(db, subscribed, { range, isExcluded: true, limit: MAX_LOOKED_AT })) {
    if (!apart.has(offset)) filtered.note(offset);
  }
}
