import type { StartPoint } from "../../contract/consumers.ts";
import type { TopicSettings } from "../../domain/consumer-settings.ts";
import { DomainError, type FieldProblem, invalidField } from "../../domain/errors.ts";
import { type EventFilter, filterText } from "../../domain/event-filter.ts";
import { OffsetRanges } from "../../domain/offset-ranges.ts";
import { positionBefore } from "../../domain/position-plan.ts";
import type { Ordering } from "../../domain/sequence.ts";
import { selectBin } from "../../store/bin/table.ts";
import { replaceCursors, type StoredCursor } from "../../store/consumers/cursor-table.ts";
import { filterOf } from "../../store/consumers/setup-select.ts";
import { forgetTopics, shelveTopics, takeBackTopic } from "../../store/consumers/subscription-shelf.ts";
import {
  type StoredSubscription,
  selectTopicPlaces,
  type TopicPlace,
  upsertSubscription,
} from "../../store/consumers/subscription-topics.ts";
import type { Queryable } from "../../store/database.ts";
import { mendSequences } from "../../store/parked/sequences-mend.ts";
import { isInFuture } from "../../store/positions/time-ago.ts";
import { readOffsetBefore } from "../../store/topics/event-offset-before.ts";
import { shareTopics } from "../../store/topics/share.ts";

/** Topics by name, kept from retention until the transaction ends. Throws `invalid-input` for one that does not exist. */
export async function knownTopics(db: Queryable, names: readonly string[]): Promise<Map<string, TopicPlace>> {
  // A consumer that begins at the tail must not find it gone before it is there to be heeded.
  await shareTopics(db, names);
  const places = await selectTopicPlaces(db, names);
  const fields: FieldProblem[] = [];
  for (const [index, topic] of names.entries()) {
    if (places.has(topic)) continue;
    const isInBin = (await selectBin(db, { name: topic })).some((it) => it.kind === "topic" && !it.isPurging);
    const message = `there is no topic "${topic}"${isInBin ? "; one of that name is in the bin" : ""}`;
    fields.push({ field: `topics[${index}].topic`, message });
  }
  if (fields.length > 0)
    throw new DomainError("invalid-input", "a consumer can only read topics that exist", { fields });
  return places;
}

/** What a consumer lets through of a topic that it does not read. */
const NOTHING: EventFilter = { types: [] };

export interface TopicsChange {
  readonly consumerId: number;
  readonly partitions: number;
  readonly ordering: Ordering;
  /** All topics from now on, in the order of the request. */
  readonly wanted: readonly {
    readonly place: TopicPlace;
    readonly settings: TopicSettings;
    readonly isStartNamed: boolean;
  }[];
  readonly subscriptions: readonly StoredSubscription[];
  /** Those of topics that were dropped included. */
  readonly cursors: readonly StoredCursor[];
}

/**
 * Gives a consumer its topics: those not among them are dropped and keep what is known of them, one that was dropped goes
 * on from there unless its `start` is named, and one that is new begins at its `start`. Returns whether topics came or
 * went, or others of their events pass. The consumer and its leases must be locked, and `endStretch` and `beginStretch`
 * stand around it.
 */
export async function changeTopics(db: Queryable, change: TopicsChange): Promise<boolean> {
  const { consumerId, partitions, ordering, wanted, subscriptions, cursors } = change;
  const ids = new Set(wanted.map((it) => it.place.topicId));
  const kept = new Set(subscriptions.map((it) => it.topicId));
  const dropped = subscriptions.filter((it) => !ids.has(it.topicId)).map((it) => it.topicId);
  await shelveTopics(db, consumerId, dropped);
  for (const [index, { place, settings, isStartNamed }] of wanted.entries()) {
    const { topicId } = place;
    if (kept.has(topicId)) {
      await upsertSubscription(db, consumerId, { topicId, settings, beganAfter: null });
      continue;
    }
    const isKnown = cursors.some((it) => it.topicId === topicId);
    if (isKnown && !isStartNamed) {
      await upsertSubscription(db, consumerId, { topicId, settings, beganAfter: null });
      const sequences = await takeBackTopic(db, { consumerId, topicId, ordering, partitions });
      await mendSequences(db, { consumerId, sequences });
      continue;
    }
    if (isKnown) await forgetTopics(db, consumerId, [topicId]);
    const position = await startPosition(db, place, { start: settings.start, field: `topics[${index}].start` });
    await upsertSubscription(db, consumerId, { topicId, settings, beganAfter: position });
    await replaceCursors(db, consumerId, freshCursors(topicId, partitions, position));
  }
  const filters = new Map(subscriptions.map((it) => [it.topicId, filterOf(it)]));
  return (
    dropped.length > 0 ||
    wanted.some(({ place, settings }) => {
      return filterText(filters.get(place.topicId) ?? NOTHING) !== filterText(filterOf(settings));
    })
  );
}

/** Throws `invalid-input` for a place beyond the head: from there on nothing says where it would begin. */
async function startPosition(
  db: Queryable,
  place: TopicPlace,
  { start, field }: { readonly start: StartPoint; readonly field: string },
): Promise<number> {
  if (start === "latest") return place.head;
  if (start === "earliest") return positionBefore(1, place);
  if ("offset" in start) {
    if (start.offset > place.head + 1)
      throw invalidField(`${field}.offset`, `topic "${place.topic}" ends at offset ${place.head}`);
    return positionBefore(start.offset, place);
  }
  if (await isInFuture(db, start.time))
    throw invalidField(`${field}.time`, `is yet to come; topic "${place.topic}" ends at offset ${place.head}`);
  return readOffsetBefore(db, place.topicId, start.time);
}

export function freshCursors(topicId: number, partitions: number, position: number): StoredCursor[] {
  return Array.from({ length: partitions }, (_, partition) => ({
    topicId,
    partition,
    position,
    settled: new OffsetRanges(),
  }));
}
