import type { PlannedChange, PositionPlan } from "../../contract/position-changes.ts";
import { DomainError } from "../../domain/errors.ts";
import { moveCursor } from "../../domain/position-move.ts";
import { directionOf, doesAsPlanned } from "../../domain/position-plan.ts";
import { consumerChannel, parkedChannel } from "../../engine/partitions/consumer-channels.ts";
import type { Wakeups } from "../../engine/wakeups.ts";
import { insertAuditEntry } from "../../store/access/insert-audit-entry.ts";
import { type StoredCursor, selectCursors } from "../../store/consumers/cursor-table.ts";
import { lockConsumer } from "../../store/consumers/lock.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import { selectTopicPlaces } from "../../store/consumers/subscription-topics.ts";
import { type Database, patientTransaction, type Queryable } from "../../store/database.ts";
import { lockLeases } from "../../store/members/lease-lock.ts";
import { selectPositionChange } from "../../store/positions/change-table.ts";
import { selectPlanFacts } from "../../store/positions/plan-facts.ts";
import { insertPlan, selectPlan } from "../../store/positions/plan-table.ts";
import { selectRangeEnds } from "../../store/positions/range-ends.ts";
import { requireConsumer } from "../consumers/require-consumer.ts";
import { touchParkedAndState } from "../parked/touch-parked.ts";
import type { Services } from "../services.ts";
import { computePositionPlan, planToken, topicCursorsOf } from "./compute-position-plan.ts";
import { highestReach, lowestPosition, measureMove, type TopicCursors } from "./measure-move.ts";
import { movePositions } from "./move-positions.ts";

/** Offsets that are looked at while the leases are held: a few milliseconds. */
const MAX_MEASURED = 5_000;
const NO_ENDS = { firstEvent: null, lastEvent: null };

interface Deps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

/** One topic's planned change from where the consumer stands now. */
interface CurrentChange {
  readonly change: PlannedChange;
  readonly isBack: boolean;
  readonly at: TopicCursors;
}

/**
 * Applies a plan in one transaction: epochs rise, what was there becomes the restore point, positions move, parked
 * events and state are kept, cleared or redriven as planned. The consumer keeps running meanwhile, so `from` is taken
 * anew, and `latest` means the head of this moment. A plan is outdated when another position change, another layout,
 * other topics or filters came between, when its time has passed, or when a skip would have become a repeat. The change
 * bears the plan's id: applying a plan again returns what the first time did.
 */
export const changePositions =
  ({ database, wakeups }: Deps): Services["changePositions"] =>
  async ({ consumer, planId, token, reason, actor }) => {
    const { consumerId } = await requireConsumer(database.pool, consumer);
    const applied = await patientTransaction(database.pool, async (db) => {
      if ((await lockConsumer(db, consumer)) === null) throw notFound(consumer);
      const earlier = await selectPositionChange(db, { consumerId, id: planId });
      if (earlier !== null) return { kind: "applied" as const, change: earlier.change };
      const stored = await selectPlan(db, { consumerId, id: planId });
      if (stored === null) throw new DomainError("plan-not-found", "there is no such plan; make one and apply it");
      const { plan, isExpired } = stored;
      await lockLeases(db, { consumerId, partitions: "all" });
      const setup = await requireConsumer(db, consumer);
      const actions = { parked: plan.parked?.action ?? "keep", state: plan.state?.action ?? "keep" };
      const isCurrent = !isExpired && token === plan.token && token === (await planToken(db, setup, actions));
      const current = isCurrent ? await currentChanges(db, { setup, plan }) : null;
      if (current === null) return { kind: "outdated" as const, setup, plan };
      const topicIds = current.map((it) => it.at.subscribed.topicId);
      const facts = await selectPlanFacts(db, { consumerId, topicIds });
      const changes = current.map((it) => it.change);
      const change = await movePositions(db, {
        setup,
        id: plan.id,
        target: plan.target,
        changes,
        ...actions,
        undoOf: null,
        before: current.flatMap((it) => it.at.cursors),
        after: current.flatMap(movedCursors),
        // They would hide what is to be delivered again.
        keepLayouts: (layouts) =>
          layouts.some((it) => isBackFor(current, it.topicId))
            ? layouts.filter((it) => !isBackFor(current, it.topicId))
            : layouts,
        touch: () =>
          touchParkedAndState(db, { consumerId, changeId: plan.id, ...actions, topicIds, reruns: rerunsOf(current) }),
        actor: actor.name,
        reason,
      });
      await insertAuditEntry(db, {
        actor: actor.name,
        action: "consumer.positions-changed",
        target: `consumer:${consumer}`,
        before: {
          positions: changes.map(({ topic, from }) => ({ topic, position: from })),
          parked: facts.parked,
          stateEntries: facts.stateEntries,
        },
        after: {
          change: change.id,
          positions: changes.map(({ topic, to }) => ({ topic, position: to })),
          ...actions,
        },
        reason,
        requestId: actor.requestId,
      });
      return { kind: "applied" as const, change };
    });
    if (applied.kind === "outdated") {
      throw await outdated(database, { setup: applied.setup, plan: applied.plan, actor: actor.name });
    }
    wakeups.announce(consumerChannel(consumerId));
    wakeups.announce(parkedChannel(consumerId));
    return applied.change;
  };

/** The planned changes from where the consumer stands now; null when one of them would do something else by now. */
async function currentChanges(
  db: Queryable,
  { setup, plan }: { setup: ConsumerSetup; plan: PositionPlan },
): Promise<CurrentChange[] | null> {
  const cursors = await selectCursors(db, setup.consumerId);
  const places = await selectTopicPlaces(
    db,
    plan.changes.map((it) => it.topic),
  );
  const current: CurrentChange[] = [];
  for (const planned of plan.changes) {
    const subscribed = setup.topics.find((it) => it.topic === planned.topic);
    const place = places.get(planned.topic);
    if (subscribed === undefined || place === undefined) return null;
    const at = topicCursorsOf(setup, subscribed, cursors);
    const from = lowestPosition(at.cursors);
    const to =
      plan.target.to === "latest" ? Math.max(place.head, place.tail - 1) : Math.max(planned.to, place.tail - 1);
    // The event that was to come next is gone. Other targets mean the first one that is left.
    if (plan.target.to === "before" && to !== planned.to) return null;
    if (!doesAsPlanned(planned, { from, to })) return null;
    const isBack = directionOf({ from, to, rerun: planned.rerun }) === "back";
    const isShort = Math.max(to, highestReach(at)) - Math.min(to, from) <= MAX_MEASURED;
    const now = isShort
      ? await measureMove(db, at, { to, parked: plan.parked?.action ?? "keep" })
      : {
          ...countsNow(planned, { from, to, isBack }),
          ...(await endsNow(db, { planned, from, to, isBack, at })),
        };
    const counts = { rerun: isBack ? now.rerun : 0, skip: isBack ? 0 : now.skip };
    const ends = counts.rerun + counts.skip === 0 ? NO_ENDS : { firstEvent: now.firstEvent, lastEvent: now.lastEvent };
    current.push({ change: { topic: planned.topic, from, to, ...counts, ...ends }, isBack, at });
  }
  return current;
}

/** Counting so many events would hold the leases; the plan's count is corrected by how far the ends have moved. */
function countsNow(
  planned: PlannedChange,
  { from, to, isBack }: { from: number; to: number; isBack: boolean },
): Pick<PlannedChange, "rerun" | "skip"> {
  const moved = Math.abs(to - from) - Math.abs(planned.to - planned.from);
  if (isBack) return { rerun: Math.max(0, planned.rerun + moved), skip: 0 };
  return { rerun: 0, skip: Math.max(0, Math.min(planned.skip + moved, to - from)) };
}

async function endsNow(
  db: Queryable,
  of: { planned: PlannedChange; from: number; to: number; isBack: boolean; at: TopicCursors },
): Promise<Pick<PlannedChange, "firstEvent" | "lastEvent">> {
  const { planned, from, to, isBack, at } = of;
  if ((from === planned.from && to === planned.to) || from === to) return planned;
  const { topicId, filter, liveOnly } = at.subscribed;
  const range = { topicId, after: Math.min(from, to), through: Math.max(from, to), filter };
  // A short look from either end: the leases are held meanwhile.
  return selectRangeEnds(db, { ...range, without: isBack ? liveOnly : [] }, MAX_MEASURED);
}

function movedCursors({ change, isBack, at }: CurrentChange): StoredCursor[] {
  const move = { to: change.to, isBack };
  return at.cursors.map((it) => moveCursor(it, move));
}

const isBackFor = (current: readonly CurrentChange[], topicId: number): boolean =>
  current.some((it) => it.isBack && it.at.subscribed.topicId === topicId);

function rerunsOf(current: readonly CurrentChange[]): { topicId: number; after: number; through: number }[] {
  return current
    .filter((it) => it.isBack)
    .map(({ change, at }) => ({
      topicId: at.subscribed.topicId,
      after: change.to,
      through: highestReach(at),
    }));
}

async function outdated(
  database: Database,
  { setup, plan, actor }: { setup: ConsumerSetup; plan: PositionPlan; actor: string },
): Promise<DomainError> {
  const known = new Set(setup.topics.map((it) => it.topic));
  const topics = plan.changes.map((it) => it.topic).filter((topic) => known.has(topic));
  const fresh = await computePositionPlan(database.patient, setup, {
    target: plan.target,
    ...(topics.length > 0 && topics.length < known.size && { topics }),
    parked: plan.parked?.action ?? "keep",
    state: plan.state?.action ?? "keep",
  });
  await insertPlan(database.prisma, { consumerId: setup.consumerId, plan: fresh, actor });
  return new DomainError("plan-outdated", "something has moved since the plan was made; here is a fresh one", {
    facts: { plan: fresh },
  });
}

function notFound(consumer: string): DomainError {
  return new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
}
