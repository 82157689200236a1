import type { EventRow } from "../../contract/events.ts";
import { LIMITS } from "../../contract/limits.ts";
import { DomainError, invalidField } from "../../domain/errors.ts";
import { isUnfiltered } from "../../domain/event-filter.ts";
import { asRefusal } from "../../engine/database-unavailable.ts";
import { type TopicDirectory, withTopic } from "../../engine/topics/directory.ts";
import type { Database } from "../../store/database.ts";
import { readOffsetBefore } from "../../store/topics/event-offset-before.ts";
import { readEventRows } from "../../store/topics/event-rows.ts";
import { readTopicHeads, type TopicHead } from "../../store/topics/heads.ts";
import { selectPurgedKey } from "../../store/topics/purged-keys.ts";
import type { EventPage, ReadPage, Services } from "../services.ts";

export interface ReadEventsDeps {
  readonly database: Database;
  readonly topics: TopicDirectory;
}

const MAX_PAGE_BYTES = 8 * 1024 * 1024;
// A filter that hardly anything passes: one statement looks at so many events, one request at so many statements. Then
// the page comes back short, or empty, with a `next` to go on from.
const SCAN_EVENTS = 50_000;
const MAX_SCANS = 10;

/** A page of a topic. It may be shorter than asked while `next` is not null: by bytes, or by a filter's scan bound. */
export function readEvents({ database, topics }: ReadEventsDeps): Services["readEvents"] {
  return async (page) => {
    if (!Number.isSafeInteger(page.limit) || page.limit < 1 || page.limit > LIMITS.maxPageEvents) {
      throw invalidField("limit", `must be 1 to ${LIMITS.maxPageEvents}`);
    }
    try {
      return await withTopic(topics, page.topic, async ({ id }) => {
        const [head] = await readTopicHeads(database.pool, [id]);
        if (head === undefined) throw new DomainError("topic-not-found", `no topic is called ${page.topic}`);
        const after = await startOf(page, { database, head });
        const missing = await missingBefore(page, { database, head });
        return { ...(await scan(page, { database, head, after })), ...missing };
      });
    } catch (error) {
      throw asRefusal(error);
    }
  };
}

interface Place {
  readonly database: Database;
  readonly head: TopicHead;
}

async function startOf(page: ReadPage, { database, head }: Place): Promise<number> {
  if (page.from !== undefined) {
    const before = await offsetBefore(page.from, { database, head });
    // Descending, the event at the place is the first of the page.
    return page.order === "asc" ? before : before + 2;
  }
  return page.after ?? (page.order === "asc" ? 0 : head.head + 1);
}

function offsetBefore(from: string, { database, head }: Place): number | Promise<number> {
  if (from === "earliest") return head.tail - 1;
  return from === "latest" ? head.head : readOffsetBefore(database.pool, head.topicId, from);
}

/** Events that the place asked for no longer has, or does not have yet. */
async function missingBefore(
  { order, after, filter }: ReadPage,
  { database, head: { topicId, head, tail } }: Place,
): Promise<Pick<EventPage, "gap" | "ahead">> {
  if (order === "desc" || after === undefined) return {};
  if (after > head) return { ahead: { requested: after, head } };
  if (after + 1 >= tail) return {};
  const gap = { requested: after + 1, firstAvailable: tail };
  for (const key of filter.keys ?? []) {
    const { lastOffset, forgottenThrough } = await selectPurgedKey(database.pool, topicId, key);
    if (Math.max(lastOffset, forgottenThrough) > after) return { gap };
  }
  return filter.keys === undefined ? { gap } : {};
}

async function scan(page: ReadPage, place: Place & { readonly after: number }): Promise<EventPage> {
  const { database, head } = place;
  const isAscending = page.order === "asc";
  const end = isAscending ? head.head : head.tail;
  const step = isUnfiltered(page.filter) || page.filter.keys !== undefined ? Number.MAX_SAFE_INTEGER : SCAN_EVENTS;
  const rows: EventRow[] = [];
  let bytes = 0;
  // Nothing lies outside tail … head, so a scan begins there.
  let after = isAscending ? Math.max(place.after, head.tail - 1) : Math.min(place.after, head.head + 1);
  for (let scans = 0; scans < MAX_SCANS; scans += 1) {
    const isAtEnd = isAscending ? after >= end : after <= end;
    if (isAtEnd) return { rows, next: null };
    const until = isAscending ? Math.min(end, after + step) : Math.max(end, after - step);
    const found = await readEventRows(database.pool, page.topic, {
      topicId: head.topicId,
      order: page.order,
      after,
      until,
      filter: page.filter,
      maxEvents: page.limit - rows.length,
      maxBytes: MAX_PAGE_BYTES - bytes,
    });
    rows.push(...found.rows);
    bytes += found.rows.reduce((sum, row) => sum + row.json.length, 0);
    after = found.isComplete ? until : (found.rows.at(-1)?.offset ?? until);
    if (rows.length >= page.limit || bytes >= MAX_PAGE_BYTES) break;
  }
  return { rows, next: (isAscending ? after >= end : after <= end) ? null : after };
}
