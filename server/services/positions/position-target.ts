import type { PositionPlanRequest, PositionTarget } from "../../contract/position-changes.ts";
import { DomainError, invalidField } from "../../domain/errors.ts";
import { type Place, positionOf } from "../../domain/position-plan.ts";
import type { ConsumerSetup, SubscribedTopic } from "../../store/consumers/setup-select.ts";
import type { TopicPlace } from "../../store/consumers/subscription-topics.ts";
import type { Queryable } from "../../store/database.ts";
import { selectLowestPositions } from "../../store/positions/lowest-select.ts";
import { isInFuture, selectTimeAgo } from "../../store/positions/time-ago.ts";
import { readOffsetBefore } from "../../store/topics/event-offset-before.ts";

/** The topics that a request moves. Throws `invalid-input` for a topic that the consumer does not have. */
export function chosenTopics(
  setup: ConsumerSetup,
  { target, topics }: Pick<PositionPlanRequest, "target" | "topics">,
): SubscribedTopic[] {
  if (target.to === "before") return [topicOfEvent(setup, { target, topics })];
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

function topicOfEvent(
  setup: ConsumerSetup,
  { target, topics }: { target: Extract<PositionTarget, { to: "before" }>; topics: readonly string[] | undefined },
): SubscribedTopic {
  const found = setup.topics.find((it) => it.topic === target.topic);
  if (found === undefined) {
    throw invalidField("target.topic", `"${target.topic}" is not a topic of consumer "${setup.consumer}"`);
  }
  if (topics?.some((it) => it !== target.topic)) {
    throw invalidField("topics", `only topic "${target.topic}", the event's own, moves`);
  }
  return found;
}

/**
 * The position that a target means, for each of the topics: within what the topic holds. Throws `invalid-input`, named
 * to the field, for an offset that the topic does not have, an unknown consumer, and topics that it does not read.
 */
export async function targetPositions(
  db: Queryable,
  target: PositionTarget,
  topics: readonly { readonly place: TopicPlace; readonly from: number }[],
): Promise<number[]> {
  switch (target.to) {
    case "earliest":
    case "latest":
      return topics.map(({ place }) => positionOf({ kind: target.to }, place));
    case "shift":
      return topics.map(({ place, from }) => positionOf({ kind: "shift", from, by: target.by }, place));
    case "offset":
      return topics.map(({ place }) => positionOf(existing(target.offset, place, 1), place));
    case "before":
      return topics.map(({ place }) => positionOf(existing(target.offset, place, 0), place));
    case "time":
    case "duration": {
      const time = target.to === "time" ? target.time : await selectTimeAgo(db, target.ms);
      const [first] = topics;
      if (target.to === "time" && first !== undefined && (await isInFuture(db, time))) {
        throw invalidField(
          "target.time",
          `is yet to come; topic "${first.place.topic}" ends at offset ${first.place.head}`,
        );
      }
      const positions: number[] = [];
      for (const { place } of topics) positions.push(await readOffsetBefore(db, place.topicId, time));
      return positions;
    }
    case "consumer": {
      const others = await positionsOf(db, target.consumer, topics);
      return topics.map(({ place }) => positionOf({ kind: "position", position: others.get(place.topic) ?? 0 }, place));
    }
  }
}

/** The place before an offset; refused when it lies past the head by more than the offset that comes next (`next` 1). */
function existing(offset: number, place: TopicPlace, next: 0 | 1): Place {
  if (offset > place.head + next) {
    throw invalidField("target.offset", `topic "${place.topic}" ends at offset ${place.head}`);
  }
  // An offset that retention took still says where to begin; one event that has to come next must be there.
  if (next === 0 && offset < place.tail) {
    throw invalidField("target.offset", `topic "${place.topic}" begins at offset ${place.tail} by now`);
  }
  return { kind: "before", offset };
}

async function positionsOf(
  db: Queryable,
  consumer: string,
  topics: readonly { readonly place: TopicPlace }[],
): Promise<Map<string, number>> {
  const positions = await selectLowestPositions(db, consumer);
  if (positions === null) throw invalidField("target.consumer", `there is no consumer "${consumer}"`);
  const fields = topics.flatMap(({ place: { topic } }) =>
    positions.has(topic)
      ? []
      : [
          {
            field: "target.consumer",
            message: `"${consumer}" does not read topic "${topic}"; leave it out by \`topics\``,
          },
        ],
  );
  if (fields.length === 0) return positions;
  throw new DomainError("invalid-input", `consumer "${consumer}" does not read all of these topics`, { fields });
}
