"use client";

import { useQuery } from "@tanstack/react-query";
import { ChartLine } from "lucide-react";
import type { PositionChange } from "@/server/contract/position-changes.ts";
import { useApi } from "../data/api.ts";
import { Failure } from "../display/failure.tsx";
import { formatCount, formatRate } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Empty } from "../display/notice.tsx";
import { type Mark, TimeChart } from "../display/time-chart.tsx";
import { useTimeSpan } from "../display/time-span.tsx";
import { Panel } from "../ui/panel.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { overTopics } from "./history-points.ts";

const HOUR_MS = 3_600_000;
const SAMPLED_MS = 10_000;

/** Lag and rates over time. */
export function HistoryPanel({ consumer }: { consumer: string }) {
  const api = useApi();
  const { hours, choice } = useTimeSpan();
  const { data, error, refetch } = useQuery(
    api.accounts.consumerHistory.queryOptions({ consumer, hours }, { refetchInterval: SAMPLED_MS }),
  );
  const changes = useQuery(api.positions.list.queryOptions({ consumer })).data?.changes;
  if (error !== null) return <Failure error={error} what="history" onRetry={() => void refetch()} />;
  if (data === undefined) return <Skeleton className="h-60 w-full rounded-lg" />;
  const points = overTopics(data);
  const spanMs = hours * HOUR_MS;
  const every = `every ${formatDuration(data.resolutionMs)}`;
  const common = { points, spanMs, aside: every, marks: marksOf(changes, Date.now() - spanMs) };
  return (
    <>
      <div className="flex items-center">{choice}</div>
      {points.length === 0 ? (
        <Panel>
          <Empty icon={ChartLine} title="Nothing measured yet">
            Lag and rates are sampled every {formatDuration(SAMPLED_MS)}.
          </Empty>
        </Panel>
      ) : (
        <div className="grid gap-5 xl:grid-cols-3">
          <TimeChart
            {...common}
            title="Lag in time"
            format={formatDuration}
            series={[{ name: "Behind", colour: "var(--accent)", of: (it) => it.lagMs }]}
          />
          <TimeChart
            {...common}
            title="Lag in events"
            format={formatCount}
            series={[
              { name: "Lag", colour: "var(--accent)", of: (it) => it.lag },
              { name: "Parked", colour: "var(--bad)", isDashed: true, of: (it) => it.parked },
            ]}
          />
          <TimeChart
            {...common}
            title="Events per second"
            format={formatRate}
            series={[
              { name: "Settled", colour: "var(--ok)", of: (it) => it.settledPerSecond },
              { name: "Failed", colour: "var(--bad)", isDashed: true, of: (it) => it.failedPerSecond },
            ]}
          />
        </div>
      )}
    </>
  );
}

const MAX_MARKS = 10;

/** Position changes within the span: what moved the lag from outside. */
function marksOf(changes: readonly PositionChange[] | undefined, sinceMs: number): Mark[] {
  return (changes ?? [])
    .filter((it) => Date.parse(it.appliedAt) > sinceMs)
    .slice(0, MAX_MARKS)
    .map((it) => ({ at: it.appliedAt, label: it.undoOf === null ? "moved" : "undone" }));
}
