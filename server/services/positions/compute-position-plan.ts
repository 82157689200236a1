import { createHash, randomUUID } from "node:crypto";
import type { PlannedChange, PositionPlan, PositionPlanRequest } from "../../contract/position-changes.ts";
import { planSubjectText } from "../../domain/position-plan.ts";
import { type StoredCursor, selectCursors } from "../../store/consumers/cursor-table.ts";
import type { ConsumerSetup, SubscribedTopic } from "../../store/consumers/setup-select.ts";
import { selectTopicPlaces } from "../../store/consumers/subscription-topics.ts";
import type { Queryable } from "../../store/database.ts";
import { selectLastPositionChange } from "../../store/positions/change-last.ts";
import { selectPlanFacts } from "../../store/positions/plan-facts.ts";
import { lowestPosition, measureMove, type TopicCursors } from "./measure-move.ts";
import { chosenTopics, targetPositions } from "./position-target.ts";

const PLAN_LIVES_MS = 15 * 60_000;

/** Works out a plan from what is there now. Throws `invalid-input`, named to the field, for what cannot be meant. */
export async function computePositionPlan(
  db: Queryable,
  setup: ConsumerSetup,
  { target, topics, parked = "keep", state = "keep" }: PositionPlanRequest,
): Promise<PositionPlan> {
  const subscribed = chosenTopics(setup, { target, topics });
  const cursors = await selectCursors(db, setup.consumerId);
  const places = await selectTopicPlaces(
    db,
    subscribed.map((it) => it.topic),
  );
  const moving = subscribed.flatMap((it) => {
    const place = places.get(it.topic);
    const at = topicCursorsOf(setup, it, cursors);
    return place === undefined ? [] : [{ place, at, from: lowestPosition(at.cursors) }];
  });
  const positions = await targetPositions(db, target, moving);
  const changes: PlannedChange[] = [];
  for (const [index, { at, from }] of moving.entries()) {
    changes.push(await measureMove(db, at, { to: positions[index] ?? from, parked }));
  }
  const facts = await selectPlanFacts(db, {
    consumerId: setup.consumerId,
    topicIds: subscribed.map((it) => it.topicId),
  });
  const rerun = changes.reduce((sum, it) => sum + it.rerun, 0);
  return {
    id: randomUUID(),
    token: await planToken(db, setup, { parked, state }),
    expiresAt: new Date(Date.now() + PLAN_LIVES_MS).toISOString(),
    target,
    changes,
    parked: { action: parked, counts: facts.parked },
    state: { action: state, entries: facts.stateEntries },
    members: facts.members,
    estimatedMs: estimatedMs(rerun, facts.settledPerSecond),
  };
}

/** A hash of what `planSubjectText` covers, as it is now. */
export async function planToken(
  db: Queryable,
  setup: ConsumerSetup,
  actions: { readonly parked: string; readonly state: string },
): Promise<string> {
  const lastChange = await selectLastPositionChange(db, setup.consumerId);
  const { consumerId, layout, topics: subscriptions } = setup;
  const text = planSubjectText({ consumerId, layout, subscriptions, lastChange, ...actions });
  return createHash("sha256").update(text).digest("base64url");
}

export function topicCursorsOf(
  setup: ConsumerSetup,
  subscribed: SubscribedTopic,
  cursors: readonly StoredCursor[],
): TopicCursors {
  return {
    consumerId: setup.consumerId,
    subscribed,
    partitions: setup.partitions,
    cursors: cursors.filter((it) => it.topicId === subscribed.topicId),
    priorLayouts: setup.priorLayouts.filter((it) => it.topicId === subscribed.topicId),
  };
}

function estimatedMs(rerun: number, settledPerSecond: number | null): number | null {
  if (rerun === 0) return 0;
  return settledPerSecond === null ? null : Math.round((rerun / settledPerSecond) * 1000);
}
