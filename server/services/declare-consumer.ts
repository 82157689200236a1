import type { ConsumerDeclaration, StartPoint } from "../contract/consumers.ts";
import { DomainError, invalidField } from "../domain/errors.ts";
import { relayout } from "../domain/layout.ts";
import { OffsetRanges } from "../domain/offset-ranges.ts";
import { positionBefore } from "../domain/position-plan.ts";
import { consumerChannel } from "../engine/consumer-channels.ts";
import type { Wakeups } from "../engine/wakeups.ts";
import { describeConsumers } from "../store/consumer-describe.ts";
import { insertConsumer, type LockedConsumer, lockConsumer, updateConsumer } from "../store/consumer-lock.ts";
import { replaceCursors, type StoredCursor, selectCursors } from "../store/cursor-table.ts";
import { type Database, type Queryable, transaction } from "../store/database.ts";
import { insertAuditEntry } from "../store/insert-audit-entry.ts";
import { lockLeases } from "../store/lease-lock.ts";
import { raiseEpochs, replaceLeases } from "../store/lease-table.ts";
import { hasParked } from "../store/parked-exists.ts";
import { insertPriorLayout } from "../store/position-layouts.ts";
import { selectOffsetBefore } from "../store/position-offset-before.ts";
import {
  deleteSubscriptions,
  type StoredSubscription,
  selectSubscriptions,
  selectTopicPlaces,
  type TopicPlace,
  upsertSubscription,
} from "../store/subscription-topics.ts";
import { shareTopics } from "../store/topic-share.ts";
import { copyConsumer } from "./copy-consumer.ts";
import type { Services } from "./services.ts";

interface Deps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

/**
 * Declares a consumer. Its positions stay wherever its topics stay: new topics get cursors by their `start`, dropped
 * ones lose theirs, and another number of partitions starts at the old floor while the old cursors are remembered.
 * Whatever changes what a settlement means (topics, partitions) raises the epochs in the same transaction.
 */
export const declareConsumer =
  ({ database, wakeups }: Deps): Services["declareConsumer"] =>
  async ({ consumer, declaration, copyFrom, actor }) => {
    const { id, created } = await transaction(database.pool, async (db) => {
      const places = await knownTopics(db, declaration);
      const inserted = await insertConsumer(db, consumer, declaration);
      if (inserted === null && copyFrom !== undefined) throw taken(consumer);
      const before = inserted ?? (await lockConsumer(db, consumer));
      if (before === null) throw new Error(`consumer "${consumer}" vanished while it was declared`);
      if (inserted !== null) await replaceLeases(db, before.id, { partitions: declaration.partitions, epoch: 0 });
      const leases = await lockLeases(db, { consumerId: before.id, partitions: "all" });
      const subscriptions = await selectSubscriptions(db, before.id);
      const old = declarationOf(before, subscriptions);
      if (inserted === null && isSame(old, declaration)) return { id: before.id, created: false };
      // By key the position has gone past what is parked, by topic it waits below: neither can take over the other's.
      if (declaration.ordering !== before.ordering && (await hasParked(db, before.id))) {
        throw invalidField("ordering", "cannot change while events are parked; redrive or discard them first");
      }

      const cursors = await selectCursors(db, before.id);
      const wanted = new Set([...places.values()].map((it) => it.topicId));
      const dropped = subscriptions.filter((it) => !wanted.has(it.topicId)).map((it) => it.topicId);
      const kept = new Set(subscriptions.map((it) => it.topicId).filter((it) => wanted.has(it)));
      if (dropped.length > 0) await deleteSubscriptions(db, before.id, dropped);
      const isRelayout = inserted === null && declaration.partitions !== before.partitions;
      if (isRelayout) {
        await changeLayout(db, {
          before,
          partitions: declaration.partitions,
          cursors: cursors.filter((it) => kept.has(it.topicId)),
        });
        await replaceLeases(db, before.id, {
          partitions: declaration.partitions,
          epoch: Math.max(...[...leases.values()].map((it) => it.epoch)) + 1,
        });
      }
      for (const subscription of declaration.topics) {
        const place = places.get(subscription.topic);
        if (place === undefined) continue;
        const isKept = kept.has(place.topicId);
        const position = isKept ? null : await startPosition(db, place, subscription.start);
        await upsertSubscription(db, before.id, { topicId: place.topicId, subscription, beganAfter: position });
        if (position === null) continue;
        await replaceCursors(
          db,
          before.id,
          freshCursors(place.topicId, declaration.partitions, { position, replays: new OffsetRanges() }),
        );
      }
      const isOtherTopics = dropped.length > 0 || kept.size < wanted.size;
      if (inserted === null && !isRelayout && isOtherTopics) await raiseEpochs(db, before.id);
      await updateConsumer(db, before.id, { declaration, layout: before.layout + (isRelayout ? 1 : 0) });
      await insertAuditEntry(db, {
        actor: actor.name,
        action: inserted === null ? "consumer.changed" : "consumer.declared",
        target: `consumer:${consumer}`,
        ...(inserted === null && { before: { ...old, positions: positionsOf(subscriptions, cursors) } }),
        after: declaration,
        requestId: actor.requestId,
      });
      if (copyFrom !== undefined) {
        const { ordering, partitions } = declaration;
        const topics = [...places.values()];
        await copyConsumer(db, { consumer, consumerId: before.id, ordering, partitions, topics, copyFrom, actor });
      }
      return { id: before.id, created: inserted !== null };
    });
    wakeups.announce(consumerChannel(id));
    const [description] = await describeConsumers(database.pool, [consumer]);
    if (description === undefined) throw new Error(`consumer "${consumer}" vanished after it was declared`);
    return { created, description };
  };

function taken(consumer: string): DomainError {
  return new DomainError(
    "consumer-exists",
    `there is a consumer "${consumer}" already; a copy needs a name of its own`,
  );
}

async function knownTopics(db: Queryable, declaration: ConsumerDeclaration): Promise<Map<string, TopicPlace>> {
  const names = declaration.topics.map((it) => it.topic);
  // A consumer that begins at the tail must not find it gone before it is there to be heeded.
  await shareTopics(db, names);
  const places = await selectTopicPlaces(db, names);
  const fields = declaration.topics.flatMap(({ topic }, index) =>
    places.has(topic) ? [] : [{ field: `topics[${index}].topic`, message: `there is no topic "${topic}"` }],
  );
  if (fields.length > 0)
    throw new DomainError("invalid-input", "a consumer can only read topics that exist", { fields });
  return places;
}

async function startPosition(db: Queryable, place: TopicPlace, start: StartPoint): Promise<number> {
  if (start === "latest") return place.head;
  if (start === "earliest") return positionBefore(1, place);
  if ("offset" in start) return positionBefore(start.offset, place);
  return selectOffsetBefore(db, { topicId: place.topicId, time: start.time });
}

/** New cursors at the floor of the old ones, which are remembered so that nothing they had settled is delivered again. */
async function changeLayout(
  db: Queryable,
  change: { readonly before: LockedConsumer; readonly partitions: number; readonly cursors: readonly StoredCursor[] },
): Promise<void> {
  const { before, partitions, cursors } = change;
  for (const topicId of new Set(cursors.map((it) => it.topicId))) {
    const old = cursors.filter((it) => it.topicId === topicId);
    const { floor, endsAt, replays } = relayout(old);
    if (endsAt > floor) {
      await insertPriorLayout(db, before.id, {
        topicId,
        layout: before.layout,
        partitions: before.partitions,
        cursors: new Map(old.map((it) => [it.partition, it])),
        endsAt,
      });
    }
    await replaceCursors(db, before.id, freshCursors(topicId, partitions, { position: floor, replays }));
  }
}

function freshCursors(
  topicId: number,
  partitions: number,
  at: { readonly position: number; readonly replays: OffsetRanges },
): StoredCursor[] {
  return Array.from({ length: partitions }, (_, partition) => ({
    topicId,
    partition,
    settled: new OffsetRanges(),
    ...at,
  }));
}

function declarationOf(it: LockedConsumer, subscriptions: readonly StoredSubscription[]): ConsumerDeclaration {
  return {
    topics: subscriptions.map(({ topic, types, keys, keyPrefix, liveOnly, start }) => ({
      topic,
      ...(types !== null && { types }),
      ...(keys !== null && { keys }),
      ...(keyPrefix !== null && { keyPrefix }),
      ...(liveOnly !== null && { liveOnly }),
      start,
    })),
    partitions: it.partitions,
    ordering: it.ordering,
    retry: it.retry,
    ...(it.stormBreaker !== null && { stormBreaker: it.stormBreaker }),
    maxInFlight: it.maxInFlight,
    ackTimeoutMs: it.ackTimeoutMs,
  };
}

function isSame(a: ConsumerDeclaration, b: ConsumerDeclaration): boolean {
  return canonical(a) === canonical(b);
}

function canonical(declaration: ConsumerDeclaration): string {
  const topics = [...declaration.topics].sort((a, b) => (a.topic < b.topic ? -1 : 1));
  return JSON.stringify({ ...declaration, topics }, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** For the audit: the only trace of the positions of dropped topics. */
function positionsOf(subscriptions: readonly StoredSubscription[], cursors: readonly StoredCursor[]): unknown {
  return subscriptions.map(({ topic, topicId }) => ({
    topic,
    partitions: cursors
      .filter((it) => it.topicId === topicId)
      .map(({ partition, position, settled }) => ({ partition, position, settled: [...settled] })),
  }));
}
