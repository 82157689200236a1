import type { ReplayRequest } from "../../contract/operations.ts";
import { invalidField } from "../../domain/errors.ts";
import { selectCursors } from "../../store/consumers/cursor-table.ts";
import type { ConsumerSetup } from "../../store/consumers/setup-select.ts";
import type { Queryable } from "../../store/database.ts";
import { countReplayEvents } from "../../store/operations/replay-events-select.ts";
import { isInFuture } from "../../store/positions/time-ago.ts";
import { readOffsetBefore } from "../../store/topics/event-offset-before.ts";
import { readTopicHeads } from "../../store/topics/heads.ts";
import { findLiveOnly } from "../insight/live-only-events.ts";
import { topicIdOf } from "../parked/resolve-parked-filter.ts";

export type ReplayAsked = Omit<ReplayRequest, "rate" | "reason">;

/** The range in offsets, and how many events of it would be delivered again; throws `invalid-input` for an empty one. */
export async function resolveReplay(db: Queryable, setup: ConsumerSetup, asked: ReplayAsked) {
  const topicId = topicIdOf(setup, asked.topic, "topic");
  const { after, through } = await rangeOf(db, { setup, topicId, asked });
  const replay = { topicId, after, through, types: asked.types ?? null, keys: asked.keys ?? null };
  const topic = setup.topics.find((it) => it.topicId === topicId);
  const filter = topic?.filter ?? {};
  const { consumerId, partitions } = setup;
  const found = { ...replay, consumerId, partitions, filter, liveOnly: topic?.liveOnly ?? [] };
  const total = await countReplayEvents(db, { ...replay, filter });
  return { replay, total: total - (await findLiveOnly(db, found)).handled };
}

/** Throws `invalid-input`, named to the field, for a place that the topic does not have yet. */
async function refuseBeyondHead(
  db: Queryable,
  topicId: number,
  asked: Pick<ReplayRequest, "topic" | "fromOffset" | "toOffset" | "fromTime" | "toTime">,
): Promise<void> {
  const [place] = await readTopicHeads(db, [topicId]);
  const end = `topic "${asked.topic}" ends at offset ${place?.head ?? 0}`;
  for (const field of ["fromOffset", "toOffset"] as const) {
    if ((asked[field] ?? 0) > (place?.head ?? 0)) throw invalidField(field, end);
  }
  for (const field of ["fromTime", "toTime"] as const) {
    const time = asked[field];
    if (time !== undefined && (await isInFuture(db, time))) throw invalidField(field, `is yet to come; ${end}`);
  }
}

async function rangeOf(
  db: Queryable,
  of: {
    readonly setup: ConsumerSetup;
    readonly topicId: number;
    readonly asked: Pick<ReplayRequest, "topic" | "fromOffset" | "toOffset" | "fromTime" | "toTime">;
  },
): Promise<{ after: number; through: number }> {
  const { setup, topicId, asked } = of;
  await refuseBeyondHead(db, topicId, asked);
  const cursors = (await selectCursors(db, setup.consumerId)).filter((it) => it.topicId === topicId);
  const position = Math.min(...cursors.map((it) => it.position));
  if (asked.toOffset !== undefined && asked.toOffset > position) {
    throw invalidField("toOffset", `lies beyond the position ${position}: what comes after it is delivered anyway`);
  }
  const after =
    asked.fromTime === undefined ? (asked.fromOffset ?? 1) - 1 : await readOffsetBefore(db, topicId, asked.fromTime);
  const through =
    asked.toTime === undefined
      ? (asked.toOffset ?? position)
      : Math.min(position, await readOffsetBefore(db, topicId, asked.toTime));
  if (after >= through) {
    const field = asked.fromTime === undefined ? "fromOffset" : "fromTime";
    throw invalidField(field, `the range holds nothing that is settled: the position is ${position}`);
  }
  return { after, through };
}
