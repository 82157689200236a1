import { createHash, randomUUID } from "node:crypto";
import type { PlannedChange, PositionPlan, PositionPlanRequest, PositionTarget } from "../contract/position-changes.ts";
import { DomainError, invalidField } from "../domain/errors.ts";
import { planSubjectText, positionBefore } from "../domain/position-plan.ts";
import type { ConsumerSetup, SubscribedTopic } from "../store/consumer-setup-select.ts";
import { selectCursors } from "../store/cursor-table.ts";
import type { Queryable } from "../store/database.ts";
import { selectLastPositionChange } from "../store/position-change-last.ts";
import { countEvents } from "../store/position-events-count.ts";
import { selectOffsetBefore } from "../store/position-offset-before.ts";
import { selectTopicPlaces, type TopicPlace } from "../store/subscription-topics.ts";

const PLAN_LIVES_MS = 15 * 60_000;

/** Works out a plan from what is there now. Throws `invalid-input` for a foreign topic or an offset past the head. */
export async function computePositionPlan(
  db: Queryable,
  setup: ConsumerSetup,
  { target, topics }: PositionPlanRequest,
): Promise<PositionPlan> {
  const subscribed = chosenTopics(setup, topics);
  const cursors = await selectCursors(db, setup.consumerId);
  const places = await selectTopicPlaces(
    db,
    subscribed.map((it) => it.topic),
  );
  const changes: PlannedChange[] = [];
  for (const { topicId, topic, filter } of subscribed) {
    const place = places.get(topic);
    if (place === undefined) continue;
    const from = Math.min(...cursors.filter((it) => it.topicId === topicId).map((it) => it.position));
    const to = await targetPosition(db, target, place);
    const count = await countEvents(db, { topicId, after: Math.min(from, to), through: Math.max(from, to), filter });
    changes.push({ topic, from, to, rerun: to < from ? count : 0, skip: to > from ? count : 0 });
  }
  return {
    id: randomUUID(),
    token: await planToken(db, setup),
    expiresAt: new Date(Date.now() + PLAN_LIVES_MS).toISOString(),
    target,
    changes,
  };
}

/** A hash of what `planSubjectText` covers, as it is now. */
export async function planToken(db: Queryable, setup: ConsumerSetup): Promise<string> {
  const lastChange = await selectLastPositionChange(db, setup.consumerId);
  const { consumerId, layout, topics: subscriptions } = setup;
  const text = planSubjectText({ consumerId, layout, subscriptions, lastChange });
  return createHash("sha256").update(text).digest("base64url");
}

function chosenTopics(setup: ConsumerSetup, topics: readonly string[] | undefined): SubscribedTopic[] {
  if (topics === undefined) return [...setup.topics];
  const chosen = topics.map((topic) => setup.topics.find((it) => it.topic === topic));
  const fields = topics.flatMap((topic, index) =>
    chosen[index] === undefined
      ? [{ field: `topics[${index}]`, message: `"${topic}" is not a topic of consumer "${setup.consumer}"` }]
      : [],
  );
  if (fields.length > 0) throw new DomainError("invalid-input", "only topics of the consumer can be moved", { fields });
  return [...new Set(chosen)].filter((it) => it !== undefined);
}

async function targetPosition(db: Queryable, target: PositionTarget, place: TopicPlace): Promise<number> {
  switch (target.to) {
    case "earliest":
      return positionBefore(1, place);
    case "latest":
      return place.head;
    case "offset":
      if (target.offset > place.head + 1) {
        throw invalidField("target.offset", `topic "${place.topic}" ends at offset ${place.head}`);
      }
      return positionBefore(target.offset, place);
    case "time":
      return selectOffsetBefore(db, { topicId: place.topicId, time: target.time });
  }
}
