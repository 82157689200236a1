import type { ReplayRequest } from "../contract/operations.ts";
import { invalidField } from "../domain/errors.ts";
import type { ConsumerSetup } from "../store/consumer-setup-select.ts";
import { selectCursors } from "../store/cursor-table.ts";
import type { Queryable } from "../store/database.ts";
import { selectOffsetBefore } from "../store/position-offset-before.ts";
import { countReplayEvents } from "../store/replay-events-select.ts";
import { topicIdOf } from "./resolve-parked-filter.ts";

export type ReplayAsked = Omit<ReplayRequest, "rate" | "reason">;

/** The range in offsets, and how many events of it would be delivered again; throws `invalid-input` for an empty one. */
export async function resolveReplay(db: Queryable, setup: ConsumerSetup, asked: ReplayAsked) {
  const topicId = topicIdOf(setup, asked.topic, "topic");
  const { after, through } = await rangeOf(db, { setup, topicId, asked });
  const replay = { topicId, after, through, types: asked.types ?? null, keys: asked.keys ?? null };
  const topic = setup.topics.find((it) => it.topicId === topicId);
  const total = await countReplayEvents(db, {
    ...replay,
    filter: topic?.filter ?? {},
    liveOnly: topic?.liveOnly ?? [],
  });
  return { replay, total };
}

async function rangeOf(
  db: Queryable,
  of: {
    readonly setup: ConsumerSetup;
    readonly topicId: number;
    readonly asked: Pick<ReplayRequest, "fromOffset" | "toOffset" | "fromTime" | "toTime">;
  },
): Promise<{ after: number; through: number }> {
  const { setup, topicId, asked } = of;
  const cursors = (await selectCursors(db, setup.consumerId)).filter((it) => it.topicId === topicId);
  const position = Math.min(...cursors.map((it) => it.position));
  if (asked.toOffset !== undefined && asked.toOffset > position) {
    throw invalidField("toOffset", `lies beyond the position ${position}: what comes after it is delivered anyway`);
  }
  const after =
    asked.fromTime === undefined
      ? (asked.fromOffset ?? 1) - 1
      : await selectOffsetBefore(db, { topicId, time: asked.fromTime });
  const through =
    asked.toTime === undefined
      ? (asked.toOffset ?? position)
      : Math.min(position, await selectOffsetBefore(db, { topicId, time: asked.toTime }));
  if (after >= through) {
    const field = asked.fromTime === undefined ? "fromOffset" : "fromTime";
    throw invalidField(field, `the range holds nothing that is settled: the position is ${position}`);
  }
  return { after, through };
}
