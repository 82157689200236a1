import type { ConsumerHistory } from "@/server/contract/account.ts";

export type HistoryPoint = Omit<ConsumerHistory["points"][number], "topic">;

/** One point per moment, over all topics of the consumer: lags add up, the oldest waiting event counts. */
export function overTopics({ points }: ConsumerHistory): HistoryPoint[] {
  const moments = new Map<string, HistoryPoint>();
  for (const { topic: _, ...point } of points) {
    const before = moments.get(point.at);
    moments.set(
      point.at,
      before === undefined
        ? point
        : {
            at: point.at,
            lag: before.lag + point.lag,
            lagMs: Math.max(before.lagMs, point.lagMs),
            settledPerSecond: sum(before.settledPerSecond, point.settledPerSecond),
            failedPerSecond: sum(before.failedPerSecond, point.failedPerSecond),
            parked: before.parked + point.parked,
          },
    );
  }
  return [...moments.values()].sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** Unknown and something known is what is known. */
function sum(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : a + b;
}
