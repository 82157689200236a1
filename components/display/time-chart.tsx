"use client";

import { type ReactNode, useState } from "react";
import { CartesianGrid, Line, LineChart, ReferenceLine, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { ScrollRegion } from "../ui/scroll-region.tsx";
import { formatDateTime } from "./format-time.ts";

export interface Series<Point> {
  readonly name: string;
  /** A CSS colour. */
  readonly colour: string;
  /** Lines differ by more than their colour. */
  readonly isDashed?: boolean;
  readonly of: (point: Point) => number | null;
}

/** Something that happened at a time, drawn across the chart. */
export interface Mark {
  readonly at: string;
  readonly label: string;
}

interface TimeChartProps<Point> {
  readonly title: string;
  readonly aside?: ReactNode;
  /** Oldest first. */
  readonly points: readonly Point[];
  /** The chart ends at the newest point and begins so long before it. */
  readonly spanMs: number;
  readonly series: readonly Series<Point>[];
  readonly marks?: readonly Mark[];
  readonly format: (value: number) => string;
}

const DAY_MS = 86_400_000;
const TICKS = 5;

/** Lines over time; the newest and the highest values stand in words below, all of them in a table on demand. */
export function TimeChart<Point extends { readonly at: string }>(props: TimeChartProps<Point>) {
  const { title, aside, points, series, format } = props;
  const [isTable, setTable] = useState(false);
  return (
    <Panel
      title={title}
      aside={
        <span className="flex items-center gap-3">
          {aside}
          <Button size="sm" look="ghost" aria-pressed={isTable} className="-mr-2" onClick={() => setTable((it) => !it)}>
            {isTable ? "Chart" : "Table"}
            <span className="sr-only"> of {title.toLowerCase()}</span>
          </Button>
        </span>
      }
    >
      {isTable ? <Figures {...props} /> : <Lines {...props} />}
      <ul className="flex flex-wrap gap-x-5 gap-y-1 border-line border-t px-3 py-2 text-xs">
        {series.map((line) => {
          const values = points.map(line.of).filter((it) => it !== null);
          const newest = values.at(-1);
          return (
            <li key={line.name} className="flex items-center gap-1.5">
              <svg aria-hidden="true" viewBox="0 0 16 4" className="h-1 w-4">
                <path
                  d="M0 2H16"
                  stroke={line.colour}
                  strokeWidth="2"
                  strokeDasharray={line.isDashed === true ? "4 2" : undefined}
                />
              </svg>
              {line.name}
              <span className="live-value text-muted">
                now {newest === undefined ? "–" : format(newest)}, highest{" "}
                {values.length === 0 ? "–" : format(Math.max(...values))}
              </span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function Lines<Point extends { readonly at: string }>(props: TimeChartProps<Point>) {
  const { points, spanMs, series, marks = [], format } = props;
  const { preferences } = usePreferences();
  const data = points.map((it) => ({
    ms: Date.parse(it.at),
    ...Object.fromEntries(series.map((line) => [line.name, line.of(it)])),
  }));
  const end = data.at(-1)?.ms ?? 0;
  const ticks = Array.from({ length: TICKS }, (_, index) => end - spanMs + (spanMs * index) / (TICKS - 1));
  const tick = (ms: number): string => {
    const text = formatDateTime(ms, preferences.clock);
    return spanMs > DAY_MS ? text.slice(5, 16) : text.slice(11, 16);
  };
  return (
    <div aria-hidden="true" className="h-44 p-3 pb-1">
      <ResponsiveContainer width="100%" height="100%">
        <LineChart accessibilityLayer={false} data={data} margin={{ top: 4, right: 8, bottom: 0, left: 0 }}>
          <CartesianGrid stroke="var(--line)" vertical={false} />
          <XAxis
            dataKey="ms"
            type="number"
            scale="time"
            domain={[end - spanMs, end]}
            tickFormatter={tick}
            ticks={ticks}
            interval="preserveStartEnd"
            fontSize={11}
            tickLine={false}
            stroke="var(--faint)"
          />
          <YAxis
            width={72}
            tickFormatter={format}
            tickCount={4}
            fontSize={11}
            tickLine={false}
            axisLine={false}
            stroke="var(--faint)"
          />
          <Tooltip
            isAnimationActive={false}
            labelFormatter={(ms) => formatDateTime(Number(ms), preferences.clock).slice(0, 19)}
            formatter={(value) => format(Number(value))}
            contentStyle={{ background: "var(--raised)", borderColor: "var(--line-strong)", fontSize: 12 }}
            itemStyle={{ color: "var(--ink)" }}
          />
          {marks.map((it) => (
            <ReferenceLine
              key={`${it.at}-${it.label}`}
              x={Date.parse(it.at)}
              stroke="var(--warn)"
              strokeDasharray="2 3"
              label={{ value: it.label, position: "insideTopRight", fill: "var(--warn)", fontSize: 11 }}
            />
          ))}
          {series.map((line) => (
            <Line
              key={line.name}
              dataKey={line.name}
              stroke={line.colour}
              {...(line.isDashed === true && { strokeDasharray: "5 3" })}
              dot={false}
              isAnimationActive={false}
              strokeWidth={1.5}
              type="linear"
            />
          ))}
        </LineChart>
      </ResponsiveContainer>
    </div>
  );
}

function Figures<Point extends { readonly at: string }>({ title, points, series, format }: TimeChartProps<Point>) {
  const { preferences } = usePreferences();
  return (
    <ScrollRegion label={`${title}, as a table`} className="h-44 overflow-y-auto">
      <table className="w-full">
        <thead>
          <tr className="h-8 border-line border-b text-left text-muted text-xs">
            <th scope="col" className="px-3 font-medium">
              When
            </th>
            {series.map((line) => (
              <th key={line.name} scope="col" className="px-3 text-right font-medium">
                {line.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.toReversed().map((it) => (
            <tr key={it.at} className="h-7 border-line border-b last:border-0">
              <td className="px-3">{formatDateTime(it.at, preferences.clock).slice(0, 19)}</td>
              {series.map((line) => {
                const value = line.of(it);
                return (
                  <td key={line.name} className="px-3 text-right">
                    {value === null ? "–" : format(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
}
