import type { ConsumerDeclaration } from "../../contract/consumers.ts";
import {
  applyChanges,
  CONSUMER_DEFAULTS,
  type ConsumerSettings,
  changedSettings,
} from "../../domain/consumer-settings.ts";
import { DomainError, invalidField } from "../../domain/errors.ts";
import { relayout } from "../../domain/layout.ts";
import { consumerChannel } from "../../engine/partitions/consumer-channels.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { replaceCursors, type StoredCursor, selectAllCursors } from "../../store/consumers/cursor-table.ts";
import { describeConsumers } from "../../store/consumers/describe.ts";
import { insertConsumer, type LockedConsumer, lockConsumer, updateConsumer } from "../../store/consumers/lock.ts";
import {
  type StoredSubscription,
  selectSubscriptions,
  type TopicPlace,
} from "../../store/consumers/subscription-topics.ts";
import { type Database, patientTransaction, type Queryable } from "../../store/database.ts";
import { beginStretch } from "../../store/insight/stretch-begin.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { raiseEpochs, replaceLeases } from "../../store/members/lease-table.ts";
import { mendSequences } from "../../store/parked/sequences-mend.ts";
import { nameSequences } from "../../store/parked/sequences-name.ts";
import { raiseParkedVersion } from "../../store/parked/version-raise.ts";
import { insertPriorLayout } from "../../store/positions/layouts.ts";
import { closeStretch } from "../positions/close-stretch.ts";
import { copyConsumer, lockSource } from "../positions/copy-consumer.ts";
import type { Services } from "../services.ts";
import { settingsOf } from "./consumer-settings.ts";
import { changeTopics, freshCursors, knownTopics } from "./consumer-topics.ts";

interface Deps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

interface Request {
  readonly consumer: string;
  readonly declaration: ConsumerDeclaration;
  readonly copyFrom?: string;
  readonly actor: { readonly name: string; readonly requestId: string };
}

/**
 * Declares a consumer: what is named is changed, and nothing else. Its positions stay wherever its topics stay: new
 * topics get cursors by their `start`, dropped ones keep theirs for when they are taken back, and another number of
 * partitions starts at the old floor while the old cursors are remembered. Whatever changes what a settlement means
 * (topics, their filters, partitions) raises the epochs in the same transaction.
 */
export const declareConsumer =
  ({ database, wakeups }: Deps): Services["declareConsumer"] =>
  async (request) => {
    const { consumer } = request;
    const { id, created, changed } = await patientTransaction(database.pool, (db) => declare(db, request));
    wakeups.announce(consumerChannel(id));
    const [description] = await describeConsumers(database.pool, [consumer]);
    if (description === undefined) throw new Error(`consumer "${consumer}" vanished after it was declared`);
    return { created, changed, description };
  };

async function declare(
  db: Queryable,
  request: Request,
): Promise<{ id: number; created: boolean; changed: readonly string[] }> {
  const { consumer, declaration, copyFrom } = request;
  // Topics before consumers, always: retention locks them in that order.
  const named = await knownTopics(
    db,
    (declaration.topics ?? []).map((it) => it.topic),
  );
  const locked = await lockConsumer(db, consumer);
  if (locked !== null) return change(db, request, { locked, named });
  const source = copyFrom === undefined ? null : await lockSource(db, { consumer, copyFrom });
  const settings = applyChanges(source?.settings ?? CONSUMER_DEFAULTS, declaration);
  if (settings.topics.length === 0) throw invalidField("topics", "a new consumer must name at least one topic");
  requireInOrder(settings);
  const copied = settings.topics.map((it) => it.topic).filter((it) => !named.has(it));
  const places = new Map([...named, ...(await knownTopics(db, copied))]);
  const inserted = await insertConsumer(db, consumer, settings);
  // Somebody else was faster.
  if (inserted === null) {
    const other = await lockConsumer(db, consumer);
    if (other === null) throw new Error(`consumer "${consumer}" vanished while it was declared`);
    return change(db, request, { locked: other, named });
  }
  const { id } = inserted;
  const { partitions, ordering } = settings;
  await replaceLeases(db, id, { partitions, epoch: 0 });
  await lockLeases(db, { consumerId: id, partitions: "all" });
  await changeTopics(db, {
    consumerId: id,
    partitions,
    ordering,
    wanted: wantedTopics(settings, { declaration, places }),
    subscriptions: [],
    cursors: [],
  });
  const topicIds = [...places.values()].map((it) => it.topicId);
  await beginStretch(db, { consumerId: id, topicIds, partitions });
  await audit(db, request, { action: "consumer.declared", after: settings });
  if (source !== null && copyFrom !== undefined) {
    const topics = [...places.values()];
    const { actor } = request;
    await copyConsumer(db, {
      consumer,
      consumerId: id,
      ordering,
      partitions,
      topics,
      copyFrom,
      source: source.locked,
      actor,
    });
  }
  return { id, created: true, changed: [] };
}

async function change(
  db: Queryable,
  request: Request,
  { locked, named }: { readonly locked: LockedConsumer; readonly named: ReadonlyMap<string, TopicPlace> },
): Promise<{ id: number; created: boolean; changed: readonly string[] }> {
  const { consumer, declaration, copyFrom } = request;
  if (copyFrom !== undefined) throw taken(consumer);
  const { id } = locked;
  const leases = await lockLeases(db, { consumerId: id, partitions: "all" });
  const subscriptions = await selectSubscriptions(db, id);
  const before = settingsOf(locked, subscriptions);
  const after = applyChanges(before, declaration);
  requireInOrder(after);
  const changed = changedSettings(before, after);
  if (changed.length === 0) return { id, created: false, changed };
  const cursors = await selectAllCursors(db, id);
  const { partitions, ordering } = after;
  const isRelayout = partitions !== before.partitions;
  const isOtherStretch = isRelayout || declaration.topics !== undefined;
  // The stretch of a topic in the bin ended when it was removed.
  const topicIds = subscriptions.filter((it) => !it.isRemoved).map((it) => it.topicId);
  if (isOtherStretch) await closeStretch(db, { consumerId: id, topicIds, partitions: before.partitions });
  if (isRelayout) {
    await changeLayout(db, { locked, partitions, cursors });
    const epoch = Math.max(...[...leases.values()].map((it) => it.epoch)) + 1;
    await replaceLeases(db, id, { partitions, epoch });
  }
  const isOtherTopics =
    declaration.topics !== undefined &&
    (await changeTopics(db, {
      consumerId: id,
      partitions,
      ordering,
      wanted: wantedTopics(after, { declaration, places: named }),
      subscriptions,
      cursors,
    }));
  if (isOtherStretch) {
    const read = declaration.topics === undefined ? topicIds : [...named.values()].map((it) => it.topicId);
    await beginStretch(db, { consumerId: id, topicIds: read, partitions });
  }
  const isOtherOrder = ordering !== before.ordering;
  if (isOtherOrder || (isRelayout && ordering === "topic")) {
    await mendSequences(db, {
      consumerId: id,
      sequences: await nameSequences(db, { consumerId: id, ordering, partitions }),
    });
  }
  if (isOtherTopics || isOtherOrder) await raiseParkedVersion(db, id);
  // What was delivered by the old order, or of other topics, can settle no more. Also for another filter: a holder has
  // looked further than the database knows, and would leave out what it had left out.
  if (!isRelayout && (isOtherTopics || isOtherOrder)) await raiseEpochs(db, id);
  await updateConsumer(db, id, { settings: after, layout: locked.layout + (isRelayout ? 1 : 0) });
  const positions = positionsOf(subscriptions, cursors);
  await audit(db, request, {
    action: "consumer.changed",
    before: { ...before, positions },
    after: { ...after, changed },
  });
  return { id, created: false, changed };
}

async function audit(
  db: Queryable,
  { consumer, actor }: Request,
  entry: { readonly action: string; readonly before?: unknown; readonly after: unknown },
): Promise<void> {
  await insertAuditEntry(db, {
    actor: actor.name,
    target: `consumer:${consumer}`,
    requestId: actor.requestId,
    ...entry,
  });
}

/** What was changed field by field has to fit together. */
function requireInOrder({ breaker }: ConsumerSettings): void {
  if (breaker !== null && breaker.probeMinMs > breaker.probeMaxMs)
    throw invalidField("breaker.probeMaxMs", `must be at least probeMinMs, ${breaker.probeMinMs}`);
}

function taken(consumer: string): DomainError {
  return new DomainError(
    "consumer-exists",
    `there is a consumer "${consumer}" already; a copy needs a name of its own`,
  );
}

/** The topics that a declaration leads to, in its order. */
function wantedTopics(
  settings: ConsumerSettings,
  of: { readonly declaration: ConsumerDeclaration; readonly places: ReadonlyMap<string, TopicPlace> },
) {
  return settings.topics.flatMap((topic) => {
    const place = of.places.get(topic.topic);
    if (place === undefined) return [];
    const said = of.declaration.topics?.find((it) => it.topic === topic.topic);
    return [{ place, settings: topic, isStartNamed: said?.start != null }];
  });
}

/** New cursors at the floor of the old ones, which are remembered so that nothing they had settled is delivered again. */
async function changeLayout(
  db: Queryable,
  change: { readonly locked: LockedConsumer; readonly partitions: number; readonly cursors: readonly StoredCursor[] },
): Promise<void> {
  const { locked, partitions, cursors } = change;
  for (const topicId of new Set(cursors.map((it) => it.topicId))) {
    const old = cursors.filter((it) => it.topicId === topicId);
    const { floor, endsAt } = relayout(old);
    if (endsAt > floor) {
      await insertPriorLayout(db, locked.id, {
        topicId,
        layout: locked.layout,
        partitions: locked.partitions,
        cursors: new Map(old.map((it) => [it.partition, it])),
        endsAt,
      });
    }
    await replaceCursors(db, locked.id, freshCursors(topicId, partitions, floor));
  }
}

/** For the audit: where the positions of dropped topics stood. */
function positionsOf(subscriptions: readonly StoredSubscription[], cursors: readonly StoredCursor[]): unknown {
  return subscriptions.map(({ topic, topicId }) => ({
    topic,
    partitions: cursors
      .filter((it) => it.topicId === topicId)
      .map(({ partition, position, settled }) => ({ partition, position, settled: [...settled] })),
  }));
}
