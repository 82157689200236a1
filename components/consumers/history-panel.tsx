"use client";

import { useQuery } from "@tanstack/react-query";
import { ChartLine } from "lucide-react";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import type { ReactNode } from "react";
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import type { ConsumerHistory } from "@/server/contract/account.ts";
import { useApi } from "../data/api.ts";
import { Failure } from "../display/failure.tsx";
import { formatCount, formatRate } from "../display/format-count.ts";
import { formatDateTime, formatDuration } from "../display/format-time.ts";
import { Empty } from "../display/notice.tsx";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { Panel } from "../ui/panel.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { type HistoryPoint, overTopics } from "./history-points.ts";

const SPANS = { "1h": 1, "24h": 24, "7d": 168 } as const;
type Span = keyof typeof SPANS;

interface Series {
  readonly name: string;
  readonly colour: string;
  readonly of: (point: HistoryPoint) => number | null;
}

interface ChartProps {
  readonly title: string;
  readonly points: readonly HistoryPoint[];
  readonly series: readonly Series[];
  readonly format: (value: number) => string;
  readonly aside: ReactNode;
}

/** Lines over time, with the newest and the highest value in words beside them. */
function Chart({ title, points, series, format, aside }: ChartProps) {
  const { preferences } = usePreferences();
  const data = points.map((it) => ({
    at: it.at,
    ...Object.fromEntries(series.map((line) => [line.name, line.of(it)])),
  }));
  const clock = (at: string): string => formatDateTime(at, preferences.clock).slice(5, 16);
  const summary = series
    .map((line) => {
      const values = points.map(line.of).filter((it) => it !== null);
      const newest = values.at(-1);
      return `${line.name}: now ${newest === undefined ? "unknown" : format(newest)}, highest ${format(Math.max(0, ...values))}`;
    })
    .join("; ");
  return (
    <Panel title={title} aside={aside}>
      <figure className="p-3" aria-label={`${title}. ${summary}`}>
        <div aria-hidden="true" className="h-40">
          <ResponsiveContainer width="100%" height="100%">
            <LineChart data={data} margin={{ top: 4, right: 8, bottom: 0, left: 0 }}>
              <CartesianGrid stroke="var(--line)" vertical={false} />
              <XAxis dataKey="at" tickFormatter={clock} minTickGap={48} fontSize={11} stroke="var(--faint)" />
              <YAxis width={56} tickFormatter={(value: number) => format(value)} fontSize={11} stroke="var(--faint)" />
              <Tooltip
                isAnimationActive={false}
                labelFormatter={(at) => clock(String(at))}
                formatter={(value) => format(Number(value))}
                contentStyle={{ background: "var(--raised)", borderColor: "var(--line)", fontSize: 12 }}
              />
              {series.map((line) => (
                <Line
                  key={line.name}
                  dataKey={line.name}
                  stroke={line.colour}
                  dot={false}
                  isAnimationActive={false}
                  strokeWidth={1.5}
                  type="monotone"
                />
              ))}
            </LineChart>
          </ResponsiveContainer>
        </div>
        <figcaption className="mt-1 text-muted text-xs">{summary}</figcaption>
      </figure>
    </Panel>
  );
}

/** Lag and rates over time. */
export function HistoryPanel({ consumer }: { consumer: string }) {
  const api = useApi();
  const [span, setSpan] = useQueryState("span", parseAsStringLiteral(["1h", "24h", "7d"] as const).withDefault("1h"));
  const { data, error, refetch } = useQuery(
    api.accounts.consumerHistory.queryOptions({ consumer, hours: SPANS[span] }, { refetchInterval: 10_000 }),
  );
  if (error !== null) return <Failure error={error} what="history" onRetry={() => void refetch()} />;
  return (
    <>
      <div>
        <ToggleGroup
          aria-label="Time span"
          value={span}
          choices={(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: value }))}
          onChange={(next) => void setSpan(next === "1h" ? null : next)}
        />
      </div>
      {data === undefined ? <Skeleton className="h-60 w-full rounded-lg" /> : <Charts history={data} />}
    </>
  );
}

function Charts({ history }: { history: ConsumerHistory }) {
  const points = overTopics(history);
  if (points.length === 0) {
    return (
      <Panel>
        <Empty icon={ChartLine} title="Nothing measured yet">
          Lag and rates are sampled every ten seconds.
        </Empty>
      </Panel>
    );
  }
  const every = `every ${formatDuration(history.resolutionMs)}`;
  return (
    <div className="grid gap-5 xl:grid-cols-2">
      <Chart
        title="Lag in time"
        aside={every}
        points={points}
        format={formatDuration}
        series={[{ name: "Behind", colour: "var(--accent)", of: (it) => it.lagMs }]}
      />
      <Chart
        title="Lag in events"
        aside={every}
        points={points}
        format={formatCount}
        series={[
          { name: "Lag", colour: "var(--accent)", of: (it) => it.lag },
          { name: "Parked", colour: "var(--bad)", of: (it) => it.parked },
        ]}
      />
      <Chart
        title="Settled and failed per second"
        aside={every}
        points={points}
        format={formatRate}
        series={[
          { name: "Settled", colour: "var(--ok)", of: (it) => it.settledPerSecond },
          { name: "Failed", colour: "var(--bad)", of: (it) => it.failedPerSecond },
        ]}
      />
      <Panel title="The newest figures" aside="as a table">
        <table aria-label="Newest figures" className="w-full">
          <thead>
            <tr className="h-8 border-line border-b text-left text-muted text-xs">
              <th scope="col" className="px-3 font-medium">
                When
              </th>
              <th scope="col" className="px-3 text-right font-medium">
                Behind
              </th>
              <th scope="col" className="px-3 text-right font-medium">
                Lag
              </th>
              <th scope="col" className="px-3 text-right font-medium">
                Settled /s
              </th>
              <th scope="col" className="px-3 text-right font-medium">
                Failed /s
              </th>
            </tr>
          </thead>
          <tbody>
            {points
              .slice(-6)
              .toReversed()
              .map((it) => (
                <FigureRow key={it.at} point={it} />
              ))}
          </tbody>
        </table>
      </Panel>
    </div>
  );
}

function FigureRow({ point: it }: { point: HistoryPoint }) {
  const { preferences } = usePreferences();
  return (
    <tr className="h-(--row) border-line border-b last:border-0">
      <td className="px-3">{formatDateTime(it.at, preferences.clock).slice(0, 19)}</td>
      <td className="px-3 text-right">{formatDuration(it.lagMs)}</td>
      <td className="px-3 text-right">{formatCount(it.lag)}</td>
      <td className="px-3 text-right">{formatRate(it.settledPerSecond)}</td>
      <td className="px-3 text-right">{formatRate(it.failedPerSecond)}</td>
    </tr>
  );
}
