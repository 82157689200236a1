import { ratePerSecond, sampleWidth } from "../../domain/sample-rates.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import type { TopicDirectory } from "../../engine/topics/directory.ts";
import type { Database } from "../../store/database.ts";
import { SAMPLE_S } from "../../store/insight/samples-insert.ts";
import { selectTopicSamples } from "../../store/insight/samples-select.ts";
import { COARSE_S } from "../../store/insight/samples-shrink.ts";
import type { Services } from "../services.ts";

// Two fewer than 500: at either end of the span lies a part of one.
const MAX_POINTS = 498;

interface Deps {
  readonly database: Database;
  readonly topics: Pick<TopicDirectory, "find">;
}

export const getTopicHistory =
  ({ database, topics }: Deps): Services["getTopicHistory"] =>
  ({ topic, hours }) =>
    reachable(history({ database, topics }, topic, hours));

async function history({ database, topics }: Deps, topic: string, hours: number) {
  const { id } = await topics.find(topic);
  const seconds = hours * 3_600;
  const everySeconds = sampleWidth({ hours, points: MAX_POINTS }, { fineS: SAMPLE_S, coarseS: COARSE_S });
  const samples = await selectTopicSamples(database.pool, { topicId: id, seconds, everySeconds });
  const points = samples.flatMap(({ isBefore, ...now }, index) => {
    const before = samples[index - 1];
    const publishedPerSecond = ratePerSecond(before && { at: before.at, count: before.head }, {
      at: now.at,
      count: now.head,
    });
    // The one from before the span is there for the first rate only.
    return isBefore ? [] : [{ ...now, publishedPerSecond }];
  });
  return { topic, resolutionMs: everySeconds * 1_000, points };
}
