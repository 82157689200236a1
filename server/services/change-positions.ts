import type { PlannedChange, PositionChange, PositionPlan } from "../contract/position-changes.ts";
import { DomainError } from "../domain/errors.ts";
import { OffsetRanges } from "../domain/offset-ranges.ts";
import { directionOf, doesAsPlanned } from "../domain/position-plan.ts";
import { consumerChannel } from "../engine/consumer-channels.ts";
import type { Wakeups } from "../engine/wakeups.ts";
import { lockConsumer, touchConsumer } from "../store/consumer-lock.ts";
import type { ConsumerSetup } from "../store/consumer-setup-select.ts";
import { replaceCursors, type StoredCursor, selectCursors } from "../store/cursor-table.ts";
import { type Database, type Queryable, transaction } from "../store/database.ts";
import { insertAuditEntry } from "../store/insert-audit-entry.ts";
import { lockLeases } from "../store/lease-lock.ts";
import { raiseEpochs } from "../store/lease-table.ts";
import { insertPositionChange, selectPositionChange } from "../store/position-change-table.ts";
import { deletePriorLayouts } from "../store/position-layouts.ts";
import { insertPlan, selectPlan } from "../store/position-plan-table.ts";
import { selectTopicPlaces } from "../store/subscription-topics.ts";
import { computePositionPlan, planToken } from "./compute-position-plan.ts";
import { requireConsumer } from "./require-consumer.ts";
import type { Services } from "./services.ts";

interface Deps {
  readonly database: Database;
  readonly wakeups: Pick<Wakeups, "announce">;
}

/**
 * Applies a plan in one transaction: epochs rise, the cursors as they were become the restore point, positions move.
 * The consumer keeps running meanwhile, so `from` is taken anew, and `latest` means the head of this moment. A plan is
 * outdated when another position change, another layout, other topics or filters came between, when its time has
 * passed, or when a skip would have become a repeat. The change bears the plan's id: applying a plan again returns
 * what the first time did.
 */
export const changePositions =
  ({ database, wakeups }: Deps): Services["changePositions"] =>
  async ({ consumer, planId, token, reason, actor }) => {
    const { consumerId } = await requireConsumer(database.pool, consumer);
    const applied = await transaction(database.pool, async (db) => {
      if ((await lockConsumer(db, consumer)) === null) throw notFound(consumer);
      const earlier = await selectPositionChange(db, { consumerId, id: planId });
      if (earlier !== null) return { kind: "applied" as const, change: earlier };
      const stored = await selectPlan(db, { consumerId, id: planId });
      if (stored === null) throw new DomainError("plan-not-found", "there is no such plan; make one and apply it");
      const setup = await requireConsumer(db, consumer);
      await lockLeases(db, { consumerId, partitions: "all" });
      const cursors = await selectCursors(db, consumerId);
      const isCurrent =
        !stored.isExpired && token === stored.plan.token && stored.plan.token === (await planToken(db, setup));
      const changes = isCurrent ? await currentChanges(db, { setup, plan: stored.plan, cursors }) : null;
      if (changes === null) return { kind: "outdated" as const, setup, plan: stored.plan };
      const change = await move(db, { setup, plan: stored.plan, changes, cursors, reason, actor: actor.name });
      await insertAuditEntry(db, {
        actor: actor.name,
        action: "consumer.positions-changed",
        target: `consumer:${consumer}`,
        before: changes.map(({ topic, from }) => ({ topic, position: from })),
        after: changes.map(({ topic, to }) => ({ topic, position: to })),
        reason,
        requestId: actor.requestId,
      });
      return { kind: "applied" as const, change };
    });
    if (applied.kind === "outdated") {
      throw await outdated(database, { setup: applied.setup, plan: applied.plan, actor: actor.name });
    }
    wakeups.announce(consumerChannel(consumerId));
    return applied.change;
  };

/** The planned changes from where the consumer stands now; null when one of them would do something else by now. */
async function currentChanges(
  db: Queryable,
  { setup, plan, cursors }: { setup: ConsumerSetup; plan: PositionPlan; cursors: readonly StoredCursor[] },
): Promise<PlannedChange[] | null> {
  const places = await selectTopicPlaces(
    db,
    plan.changes.map((it) => it.topic),
  );
  const changes: PlannedChange[] = [];
  for (const planned of plan.changes) {
    const topic = setup.topics.find((it) => it.topic === planned.topic);
    const place = places.get(planned.topic);
    if (topic === undefined || place === undefined) return null;
    const from = Math.min(...cursors.filter((it) => it.topicId === topic.topicId).map((it) => it.position));
    const to = plan.target.to === "latest" ? place.head : Math.max(planned.to, place.tail - 1);
    if (!doesAsPlanned(planned, { from, to })) return null;
    // Counting events here would hold the leases; the plan's count is corrected by how far the ends have moved.
    const moved = Math.abs(to - from) - Math.abs(planned.to - planned.from);
    const count = Math.max(0, Math.min(planned.rerun + planned.skip + moved, Math.abs(to - from)));
    const direction = directionOf({ from, to });
    changes.push({
      topic: planned.topic,
      from,
      to,
      rerun: direction === "back" ? count : 0,
      skip: direction === "forward" ? count : 0,
    });
  }
  return changes;
}

async function move(
  db: Queryable,
  input: {
    setup: ConsumerSetup;
    plan: PositionPlan;
    changes: readonly PlannedChange[];
    cursors: readonly StoredCursor[];
    reason: string;
    actor: string;
  },
): Promise<PositionChange> {
  const { setup, plan, changes, cursors, reason, actor } = input;
  const { consumerId } = setup;
  const targets = new Map(
    changes.flatMap(({ topic, to }) => {
      const found = setup.topics.find((it) => it.topic === topic);
      return found === undefined ? [] : [[found.topicId, to] as const];
    }),
  );
  await raiseEpochs(db, consumerId);
  const layouts = await deletePriorLayouts(db, consumerId, [...targets.keys()]);
  if (layouts.length > 0) await touchConsumer(db, consumerId);
  await replaceCursors(
    db,
    consumerId,
    cursors.flatMap((cursor) => {
      const to = targets.get(cursor.topicId);
      return to === undefined ? [] : [moved(cursor, to)];
    }),
  );
  return insertPositionChange(db, {
    consumerId,
    id: plan.id,
    target: plan.target,
    changes,
    restore: {
      layout: setup.layout,
      partitions: setup.partitions,
      cursors: cursors.map(({ settled, ...cursor }) => ({ ...cursor, settled: [...settled] })),
      priorLayouts: layouts,
    },
    actor,
    reason,
  });
}

/** Up to where the partition had settled anything before, its deliveries are repeats. */
function moved(cursor: StoredCursor, to: number): StoredCursor {
  const replayUntil = Math.max(cursor.replayUntil, cursor.position, cursor.settled.last);
  return { ...cursor, position: to, settled: new OffsetRanges(), replayUntil };
}

async function outdated(
  database: Database,
  { setup, plan, actor }: { setup: ConsumerSetup; plan: PositionPlan; actor: string },
): Promise<DomainError> {
  const known = new Set(setup.topics.map((it) => it.topic));
  const topics = plan.changes.map((it) => it.topic).filter((topic) => known.has(topic));
  const fresh = await computePositionPlan(database.pool, setup, {
    target: plan.target,
    ...(topics.length > 0 && topics.length < known.size && { topics }),
  });
  await insertPlan(database.pool, { consumerId: setup.consumerId, plan: fresh, actor });
  return new DomainError("plan-outdated", "something has moved since the plan was made; here is a fresh one", {
    facts: { plan: fresh },
  });
}

function notFound(consumer: string): DomainError {
  return new DomainError("consumer-not-found", `there is no consumer "${consumer}"`);
}
