import type { EventFilter } from "../../domain/event-filter.ts";
import type { Queryable } from "../../store/database.ts";
import { selectHandled } from "../../store/insight/handled-before-select.ts";
import { countReplayEvents, selectReplayEvents } from "../../store/operations/replay-events-select.ts";

// Whether one was handled follows from its key and type: looking at 50,000 takes about 50 ms; what comes after them is
// taken for handled.
const MAX_LOOKED_AT = 50_000;

export interface LiveOnlyQuery {
  readonly consumerId: number;
  readonly partitions: number;
  readonly topicId: number;
  readonly filter: EventFilter;
  readonly liveOnly: readonly string[];
  readonly after: number;
  readonly through: number;
  /** What an operator has narrowed the range to; null = everything. */
  readonly types?: readonly string[] | null;
  readonly keys?: readonly string[] | null;
}

export interface LiveOnlyEvents {
  /** How many of the range were handled before: those never come again. */
  readonly handled: number;
  /** Offsets of those that nobody has handled, ascending. */
  readonly fresh: readonly number[];
}

/** The events of a range that are of types declared `liveOnly`, by whether they were handled before. */
export async function findLiveOnly(db: Queryable, query: LiveOnlyQuery): Promise<LiveOnlyEvents> {
  const { consumerId, partitions, topicId, types = null, keys = null } = query;
  const wanted = types === null ? query.liveOnly : query.liveOnly.filter((it) => types.includes(it));
  if (wanted.length === 0 || query.through <= query.after) return { handled: 0, fresh: [] };
  const range = { ...query, keys, types: wanted };
  const events = await selectReplayEvents(db, range, MAX_LOOKED_AT);
  const handled = (await selectHandled(db, { consumerId, topicIds: [topicId], partitions })).get(topicId);
  const fresh = events.filter((it) => handled?.has(it) !== true).map((it) => it.offset);
  const all = events.length < MAX_LOOKED_AT ? events.length : await countReplayEvents(db, range);
  return { handled: all - fresh.length, fresh };
}
