import { ratePerSecond, sampleWidth } from "../../domain/sample-rates.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import type { Database } from "../../store/database.ts";
import { SAMPLE_S } from "../../store/insight/samples-insert.ts";
import { type ConsumerSample, selectConsumerSamples } from "../../store/insight/samples-select.ts";
import { COARSE_S } from "../../store/insight/samples-shrink.ts";
import type { Services } from "../services.ts";
import { requireConsumer } from "./require-consumer.ts";

const MAX_POINTS = 500;

export const getConsumerHistory =
  ({ database }: { readonly database: Database }): Services["getConsumerHistory"] =>
  ({ consumer, hours }) =>
    reachable(history(database, consumer, hours));

async function history(database: Database, consumer: string, hours: number) {
  const { consumerId, topics } = await requireConsumer(database.pool, consumer);
  // Two fewer: at either end of the span lies a part of one.
  const points = Math.floor(MAX_POINTS / Math.max(1, topics.length)) - 2;
  const everySeconds = sampleWidth({ hours, points }, { fineS: SAMPLE_S, coarseS: COARSE_S });
  const samples = await selectConsumerSamples(database.pool, { consumerId, seconds: hours * 3_600, everySeconds });
  const lastOf = new Map<string, ConsumerSample>();
  const told = samples.flatMap((now) => {
    const before = lastOf.get(now.topic);
    lastOf.set(now.topic, now);
    // The one from before the span is there for the first rate only.
    if (now.isBefore) return [];
    const rate = (count: (it: ConsumerSample) => number) =>
      ratePerSecond(before && { at: before.at, count: count(before) }, { at: now.at, count: count(now) });
    const { at, topic, lag, lagMs, parked } = now;
    const settledPerSecond = rate((it) => it.settledCount);
    return [{ at, topic, lag, lagMs, settledPerSecond, failedPerSecond: rate((it) => it.failedCount), parked }];
  });
  return { consumer, resolutionMs: everySeconds * 1_000, points: told };
}
