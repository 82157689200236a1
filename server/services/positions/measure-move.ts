import type { PlannedChange, PositionPlan } from "../../contract/position-changes.ts";
import type { PriorLayout } from "../../domain/layout.ts";
import { countCovered, estimateCovered } from "../../domain/position-move.ts";
import { reach } from "../../domain/restore-point.ts";
import type { StoredCursor } from "../../store/consumers/cursor-table.ts";
import type { SubscribedTopic } from "../../store/consumers/setup-select.ts";
import type { Queryable } from "../../store/database.ts";
import { countEvents } from "../../store/positions/events-count.ts";
import { selectKeysInRange } from "../../store/positions/keys-select.ts";
import { countParkedWithin } from "../../store/positions/parked-count.ts";
import { type CountedRange, selectRangeEnds } from "../../store/positions/range-ends.ts";
import { findLiveOnly, type LiveOnlyEvents } from "../insight/live-only-events.ts";

// Partitions that are ahead of the lowest position have settled events above it. Which those are follows from their
// keys: looking at 50,000 takes about 50 ms; beyond, an even spread is assumed.
const MAX_LOOKED_AT = 50_000;

/** A topic of a consumer, and how far its partitions are. */
export interface TopicCursors {
  readonly consumerId: number;
  readonly subscribed: SubscribedTopic;
  readonly partitions: number;
  /** Of this topic. */
  readonly cursors: readonly StoredCursor[];
  /** Of this topic. */
  readonly priorLayouts: readonly PriorLayout[];
}

export const lowestPosition = (cursors: readonly StoredCursor[]): number =>
  Math.min(...cursors.map((it) => it.position));

/** Up to which offset the consumer has settled anything. */
export const highestReach = ({ cursors, priorLayouts }: Pick<TopicCursors, "cursors" | "priorLayouts">): number =>
  Math.max(...cursors.map(reach), ...priorLayouts.map((it) => it.endsAt));

/**
 * What moving one topic to a position does: how many events run again or are skipped, from which to which. Parked events
 * that are kept do not run again by the move, but when they are due or redriven.
 */
export async function measureMove(
  db: Queryable,
  at: TopicCursors,
  { to, parked }: { readonly to: number; readonly parked: PositionPlan["parked"]["action"] },
): Promise<PlannedChange> {
  const { topicId, topic, filter, liveOnly } = at.subscribed;
  const from = lowestPosition(at.cursors);
  const isForward = to > from;
  const top = highestReach(at);
  // What was handled before comes again as a replay, and these types are never delivered as one.
  const { consumerId, partitions } = at;
  const live = isForward
    ? { handled: 0, fresh: [] }
    : await findLiveOnly(db, { consumerId, partitions, topicId, filter, liveOnly, after: to, through: top });
  const wanted = { filter };
  const between = await countEvents(db, { topicId, after: Math.min(from, to), through: Math.max(from, to), ...wanted });
  const ahead = await coveredAhead(db, at, {
    topicId,
    after: from,
    through: isForward ? Math.min(top, to) : top,
    ...wanted,
  });
  const kept =
    isForward || parked === "clear"
      ? 0
      : await countParkedWithin(db, {
          consumerId,
          topicId,
          after: to,
          through: top,
        });
  const rerun = isForward ? 0 : Math.max(0, between + ahead.count - kept - live.handled);
  const skip = isForward ? Math.max(0, between - ahead.count) : 0;
  const through = isForward ? to : Math.max(from, ahead.last);
  const ends =
    rerun + skip === 0
      ? { firstEvent: null, lastEvent: null }
      : await rangeEnds(
          db,
          { topicId, after: Math.min(from, to), through, filter },
          isForward ? null : { liveOnly, live },
        );
  return { topic, from, to, rerun, skip, ...ends };
}

/** The first and the last event that the move concerns: of `liveOnly` types, those that nobody has handled. */
async function rangeEnds(
  db: Queryable,
  range: CountedRange,
  back: { readonly liveOnly: readonly string[]; readonly live: LiveOnlyEvents } | null,
): Promise<Pick<PlannedChange, "firstEvent" | "lastEvent">> {
  const ends = await selectRangeEnds(db, { ...range, without: back?.liveOnly ?? [] });
  const fresh = back?.live.fresh.filter((it) => it > range.after && it <= range.through) ?? [];
  const [first, last] = [fresh[0], fresh.at(-1)];
  if (first === undefined || last === undefined) return ends;
  const event = async (offset: number) =>
    (await selectRangeEnds(db, { ...range, after: offset - 1, through: offset })).firstEvent;
  return {
    firstEvent: first < (ends.firstEvent?.offset ?? Number.POSITIVE_INFINITY) ? await event(first) : ends.firstEvent,
    lastEvent: last > (ends.lastEvent?.offset ?? 0) ? await event(last) : ends.lastEvent,
  };
}

/** Events above the lowest position that are settled all the same, and the last of them. */
async function coveredAhead(
  db: Queryable,
  { partitions, cursors, priorLayouts }: TopicCursors,
  range: CountedRange,
): Promise<{ count: number; last: number }> {
  if (range.through <= range.after) return { count: 0, last: 0 };
  if (range.through - range.after > MAX_LOOKED_AT) {
    return { count: estimateCovered(range, cursors), last: range.through };
  }
  return countCovered(await selectKeysInRange(db, range), { partitions, cursors, priorLayouts });
}
