import { passes } from "../../domain/event-filter.ts";
import { sequenceName } from "../../domain/sequence.ts";
import { decideSettlement } from "../../domain/settlement-decision.ts";
import type { RequestedChange, StateChangeText } from "../../domain/state-fold.ts";
import { selectHeldCursors } from "../../store/consumers/cursor-held-select.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import { type Database, type Queryable, transaction } from "../../store/database.ts";
import { noteHandledApart } from "../../store/insight/handled-apart.ts";
import { insertDeliveryAttempts } from "../../store/members/delivery-attempts-insert.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { countOperationOutcomes } from "../../store/operations/count.ts";
import { selectParkedFacts } from "../../store/parked/facts-select.ts";
import { onClock, selectSequenceHeads } from "../../store/parked/heads-select.ts";
import { mendSequences } from "../../store/parked/sequences-mend.ts";
import { writeParked } from "../../store/parked/settle-write.ts";
import { raiseParkedVersion } from "../../store/parked/version-raise.ts";
import { isAsExpected, type LeaseStand, mergeCursors } from "../../store/settling/cursors-merge.ts";
import { writeState } from "../../store/settling/state-write.ts";
import { type EventKey, selectEventKeys } from "../../store/topics/event-keys-select.ts";
import type { TopicHead } from "../partitions/held-partition.ts";
import { type DecidedItem, effectsOf, followerRow, type TouchedSequence, touchedSequences } from "./effects.ts";
import type { Answer, SettlementGroup, SettlementItem } from "./group.ts";

/** A settlement that changes the state, and its place in the request that carries it. */
export interface WithState {
  readonly item: SettlementItem & { readonly state: StateChangeText };
  readonly request: object;
  readonly index: number;
}

/** The head that a sequence has now. */
export interface NewHead {
  readonly topicId: number;
  /** Of any event of the sequence. */
  readonly key: string | null;
  readonly offset: number;
  /** Null: nothing of it is parked any more. */
  readonly head: TopicHead | null;
}

export interface ParkedSettlement {
  readonly setup: ConsumerSetup;
  /** This instance: see `CursorMerge`. */
  readonly instance: string;
  readonly group: SettlementGroup;
  /** Acks of live deliveries that bring state, in order; the special ones have theirs with them. */
  readonly withState: readonly WithState[];
  /** 0 ≤ random < 1 */
  readonly random: () => number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface SettledOutcome {
  readonly kind: "settled";
  /** The group's special items, in their order. */
  readonly decided: readonly DecidedItem[];
  /** Per partition whose parked events changed: the version they have now, and the heads of what was touched. */
  readonly changed: ReadonlyMap<number, { readonly version: number; readonly heads: readonly NewHead[] }>;
  /** Events that are dead now. */
  readonly dead: readonly SettlementItem[];
}

export type ParkedOutcome =
  | { readonly kind: "stale"; readonly leases: ReadonlyMap<number, LeaseStand> }
  | SettledOutcome;

/**
 * Settles a group that touches parked events, or state, in one transaction. Everything it decides on is read under the
 * lock of the leases, which everybody takes who changes a parked event: so the moment at which a sequence becomes free
 * and the arrival of its next event cannot cross. Throws `StateConflicts`.
 */
export async function settleParked(database: Database, settlement: ParkedSettlement): Promise<ParkedOutcome> {
  const { group, setup, instance } = settlement;
  const events = await eventsOf(database.pool, group);
  return transaction(database.pool, async (db) => {
    const { consumerId } = setup;
    const partitions = [...new Set(group.expected.map((it) => it.partition))];
    const leases = await lockLeases(db, { consumerId, partitions });
    // Another layout of partitions comes with other epochs.
    if (!isAsExpected({ holder: instance, expected: group.expected }, leases)) return { kind: "stale", leases };
    const isSettled = await settledIn(db, consumerId, partitions);

    const known = await decide(db, { settlement, events, isSettled });
    const effects = effectsOf(known, settlement);
    const followers = group.followers.filter((it) => !isSettled(it));
    const rows = followers.map((it) => followerRow(it, setup));
    await writeParked(db, { ...effects.writes, parked: [...effects.writes.parked, ...rows] });
    const touched = touchedSequences(known, followers, setup);
    await mendSequences(db, { consumerId, sequences: touched });
    await noteHandledApart(db, { consumerId, events: handledApart(known, setup) });
    await insertDeliveryAttempts(db, { consumerId, attempts: effects.attempts });
    await countOperationOutcomes(db, { consumerId, outcomes: effects.operations });
    await writeState(db, { consumerId, changes: [...freshState(settlement, known, isSettled)] });
    await mergeCursors(db, group.merge(consumerId, instance));
    const heads = await selectSequenceHeads(db, { consumerId, sequences: touched });
    const changed = await raise(db, { consumerId, leases, touched, heads, now: settlement.now() });
    return { kind: "settled", decided: known, changed, dead: effects.dead };
  });
}

/** What was parked and is handled now, though the filter has come to exclude it since. */
function handledApart(known: readonly DecidedItem[], { topics }: ConsumerSetup): SettlementItem[] {
  const filters = new Map(topics.map((it) => [it.topicId, it.filter]));
  return known.flatMap(({ decision, event, special: { item } }) => {
    return decision === "release" && !passes(filters.get(item.topicId) ?? {}, event) ? [item] : [];
  });
}

/** Who the events are: read outside the transaction, because events never change, and belong to the other family. */
async function eventsOf(db: Queryable, group: SettlementGroup): Promise<Map<string, EventKey>> {
  const wanted = new Map<number, Set<number>>();
  for (const { item } of group.specials) {
    const offsets = wanted.get(item.topicId) ?? new Set();
    wanted.set(item.topicId, offsets.add(item.offset));
  }
  const events = new Map<string, EventKey>();
  for (const [topicId, offsets] of wanted) {
    for (const event of (await selectEventKeys(db, { topicId, offsets: [...offsets] })).values()) {
      events.set(`${topicId} ${event.offset}`, event);
    }
  }
  return events;
}

type IsSettled = (at: { readonly topicId: number; readonly partition: number; readonly offset: number }) => boolean;

async function settledIn(db: Queryable, consumerId: number, partitions: readonly number[]): Promise<IsSettled> {
  const rows = await selectHeldCursors(db, { consumerId, partitions });
  const cursors = new Map(rows.map((row) => [row.partition, row.cursors]));
  return ({ topicId, partition, offset }) => {
    const cursor = cursors.get(partition)?.get(topicId);
    // A cursor that is gone belongs to a topic the consumer has dropped: nothing of it counts any more.
    return cursor === undefined || offset <= cursor.position || cursor.settled.has(offset);
  };
}

async function decide(
  db: Queryable,
  input: { settlement: ParkedSettlement; events: ReadonlyMap<string, EventKey>; isSettled: IsSettled },
): Promise<DecidedItem[]> {
  const { settlement, events, isSettled } = input;
  const { group, setup } = settlement;
  if (group.specials.length === 0) return [];
  const asked = group.specials.map((special) => {
    const { topicId, offset, partition } = special.item;
    const event = events.get(`${topicId} ${offset}`) ?? { offset, key: null, type: "" };
    return { special, event, sequence: sequenceName(event, { ordering: setup.ordering, partition }) };
  });
  const facts = await selectParkedFacts(db, {
    consumerId: setup.consumerId,
    events: asked.map(({ special, sequence }) => ({
      topicId: special.item.topicId,
      offset: special.item.offset,
      sequence,
    })),
  });
  return asked.map(({ special, event }, i): DecidedItem => {
    const { item, begun } = special;
    const found = facts[i] ?? { row: null, headOffset: null };
    const { outcome, offset, attempt } = item;
    const decision = decideSettlement({ outcome, offset, attempt, begun, ...found, isSettled: isSettled(item) });
    return { special, event, decision, facts: found };
  });
}

/** A repeat of a settlement that counted must not write its state again: a later one may have written since. */
function* freshState(
  { withState, group }: ParkedSettlement,
  known: readonly DecidedItem[],
  isSettled: IsSettled,
): Generator<RequestedChange<object>> {
  const decisions = new Map(known.map((it) => [it.special.item, it.decision]));
  for (const { item, request, index } of withState) {
    const decision = decisions.get(item as Answer);
    const isFresh =
      decision === undefined
        ? group.counts(item) && !isSettled(item)
        : decision !== "repeat" && decision !== "superseded";
    if (isFresh) yield { request, index, change: item.state };
  }
}

async function raise(
  db: Queryable,
  input: {
    readonly consumerId: number;
    readonly leases: ReadonlyMap<number, LeaseStand>;
    readonly touched: readonly TouchedSequence[];
    readonly heads: Awaited<ReturnType<typeof selectSequenceHeads>>;
    readonly now: number;
  },
): Promise<Map<number, { version: number; heads: NewHead[] }>> {
  const { consumerId, leases, touched, heads, now } = input;
  const found = new Map(heads.map((it) => [`${it.topicId} ${it.sequence}`, it.head]));
  const changed = new Map<number, { version: number; heads: NewHead[] }>();
  for (const { topicId, sequence, partition, key, offset } of touched) {
    const version = (leases.get(partition)?.parkedVersion ?? 0) + 1;
    const entry = changed.get(partition) ?? { version, heads: [] };
    changed.set(partition, entry);
    const head = found.get(`${topicId} ${sequence}`) ?? null;
    entry.heads.push({ topicId, key, offset, head: head === null ? null : onClock(head, now) });
  }
  if (changed.size > 0) await raiseParkedVersion(db, consumerId, [...changed.keys()]);
  return changed;
}
