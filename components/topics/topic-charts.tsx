"use client";

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../data/api.ts";
import { Failure } from "../display/failure.tsx";
import { formatBytes, formatRate } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { TimeChart } from "../display/time-chart.tsx";
import { useTimeSpan } from "../display/time-span.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

const HOUR_MS = 3_600_000;
const SAMPLED_MS = 10_000;

/** How fast and how far a topic has grown. */
export function TopicCharts({ topic }: { topic: string }) {
  const api = useApi();
  const { hours, choice } = useTimeSpan();
  const { data, error, refetch } = useQuery(
    api.accounts.topicHistory.queryOptions({ topic, hours }, { refetchInterval: SAMPLED_MS }),
  );
  if (error !== null) return <Failure error={error} what="history" onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton className="h-60 w-full rounded-lg" />;
  const { points } = data;
  const common = { points, spanMs: hours * HOUR_MS, aside: `every ${formatDuration(data.resolutionMs)}` };
  return (
    <>
      <div className="flex items-center">{choice}</div>
      <div className="grid gap-5 xl:grid-cols-2">
        <TimeChart
          {...common}
          title="Published per second"
          format={formatRate}
          series={[{ name: "Published", colour: "var(--accent)", of: (it) => it.publishedPerSecond }]}
        />
        <TimeChart
          {...common}
          title="Size"
          format={formatBytes}
          series={[{ name: "Payload kept", colour: "var(--accent)", of: (it) => it.bytes }]}
        />
      </div>
    </>
  );
}
