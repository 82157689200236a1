"use client";

import { useQuery } from "@tanstack/react-query";
import { Activity, CheckCircle2, ScrollText } from "lucide-react";
import Link from "next/link";
import { standingOf } from "../consumers/consumer-status.tsx";
import { type ApiOutputs, useApi } from "../data/api.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { FactStrip } from "../display/facts.tsx";
import { Failure } from "../display/failure.tsx";
import { formatBytes, formatCount, formatRate, plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { Sparkline } from "../display/sparkline.tsx";
import { useNow } from "../display/use-now.ts";
import { useLive } from "../live/live-provider.tsx";
import { Panel } from "../ui/panel.tsx";
import { HealthStrip } from "./health-strip.tsx";

type AuditRow = ApiOutputs["audit"]["list"]["entries"][number];

interface Behind {
  readonly consumer: string;
  readonly topic: string;
  readonly lag: number;
  readonly lagMs: number;
  readonly members: number;
}

const SHOWN = 10;
const SERIES_SECONDS = 120;

const BEHIND: readonly Column<Behind>[] = [
  {
    id: "consumer",
    header: "Consumer",
    cell: (it) => (
      <Link href={`/consumers/${it.consumer}`} className="rounded-sm font-medium hover:underline">
        {it.consumer}
      </Link>
    ),
  },
  { id: "topic", header: "Topic", cell: (it) => <span className="text-muted">{it.topic}</span>, from: "md" },
  {
    id: "members",
    header: "Members",
    cell: (it) => formatCount(it.members),
    isNumber: true,
    width: "w-24",
    from: "lg",
  },
  {
    id: "lag",
    header: "Events",
    cell: (it) => <span className="live-value">{formatCount(it.lag)}</span>,
    isNumber: true,
    width: "w-24",
  },
  {
    id: "time",
    header: "Behind",
    cell: (it) => <span className="live-value font-medium">{formatDuration(it.lagMs)}</span>,
    isNumber: true,
    width: "w-28",
  },
];

const RECENT: readonly Column<AuditRow>[] = [
  { id: "at", header: "When", cell: (it) => <Ago at={it.at} />, width: "w-24" },
  { id: "who", header: "Who", cell: (it) => it.actor.replace(/^person:/, ""), width: "w-44", from: "md" },
  {
    id: "what",
    header: "What",
    cell: (it) => (
      <>
        <span className="font-mono text-xs">{it.action}</span> <span className="text-muted">{it.target}</span>
      </>
    ),
  },
];

export function Overview() {
  const api = useApi();
  const { history } = useLive();
  useNow();
  const topics = useQuery(api.topics.list.queryOptions());
  const consumers = useQuery(api.consumers.list.queryOptions());
  const audit = useQuery(api.audit.list.queryOptions({ limit: SHOWN }, { refetchInterval: 15_000 }));

  if (topics.error !== null)
    return <Failure error={topics.error} what="overview" onRetry={() => void topics.refetch()} />;

  const all = topics.data?.topics;
  const everyone = consumers.data?.consumers;
  const events = all?.reduce((sum, it) => sum + it.head, 0);
  const bytes = all?.reduce((sum, it) => sum + it.bytes, 0);
  const members = everyone?.reduce((sum, it) => sum + it.members.length, 0);
  const rate = all?.length === 0 ? 0 : history.total();
  const series = history.series(SERIES_SECONDS);
  const behind = everyone
    ?.flatMap((it) =>
      it.topics
        .filter((topic) => topic.lag > 0)
        .map(({ topic, lag, lagMs }) => ({ consumer: it.consumer, topic, lag, lagMs, members: it.members.length })),
    )
    .sort((a, b) => b.lagMs - a.lagMs)
    .slice(0, SHOWN);
  const worst = behind?.[0];
  const dead = everyone?.reduce((sum, it) => sum + it.parked.dead, 0);
  const waiting = everyone?.reduce((sum, it) => sum + it.parked.blocked, 0);

  return (
    <>
      <HealthStrip standings={everyone?.map((it) => ({ consumer: it.consumer, ...standingOf(it) }))} />
      <FactStrip
        facts={[
          { label: "Published", value: `${formatRate(rate)} /s`, note: "events, mean of 10 s" },
          { label: "Events", value: formatCount(events), note: "ever published" },
          { label: "Topics", value: formatCount(all?.length), note: `${formatBytes(bytes)} of payload` },
          {
            label: "Consumers",
            value: formatCount(everyone?.length),
            note: members === undefined ? "" : plural(members, "member"),
          },
          {
            label: "Dead letters",
            value: (
              <Link href="/dead-letters" className="hover:underline">
                {formatCount(dead)}
              </Link>
            ),
            note: waiting === undefined ? "" : `${plural(waiting, "event")} behind`,
          },
          {
            label: "Furthest behind",
            value: everyone === undefined ? "–" : formatDuration(worst?.lagMs ?? 0),
            note: worst === undefined ? "nobody waits" : worst.consumer,
          },
        ]}
      />
      <Panel title="Publish rate" aside={`last ${SERIES_SECONDS / 60} min, all topics, events/s`}>
        <div className="flex items-stretch gap-3 px-3 py-3">
          <Sparkline
            values={series}
            label={`Publish rate over the last two minutes: now ${formatRate(rate)}, highest ${formatRate(Math.max(0, ...series))} events a second`}
            className="live-value h-20 min-w-0 flex-1"
          />
          <div aria-hidden="true" className="flex w-14 flex-col justify-between text-2xs text-faint">
            <span>{formatRate(Math.max(0, ...series))} max</span>
            <span>0</span>
          </div>
        </div>
      </Panel>
      <div className="grid gap-5 xl:grid-cols-2">
        <Panel
          title="Furthest behind in time"
          aside={
            <Link href="/consumers" className="hover:text-ink">
              All consumers
            </Link>
          }
        >
          <DataTable
            label="Consumers furthest behind"
            columns={BEHIND}
            rows={behind}
            rowId={(it) => `${it.consumer}/${it.topic}`}
            href={(it) => `/consumers/${it.consumer}`}
            empty={
              everyone?.length === 0 ? (
                <Empty icon={Activity} title="No consumer yet">
                  A consumer is a component's durable subscription.{" "}
                  <Link className="text-accent underline" href="/consumers?create=true">
                    Create one
                  </Link>
                  .
                </Empty>
              ) : (
                <Empty icon={CheckCircle2} title="Nobody is behind">
                  Every consumer has settled everything that was published.
                </Empty>
              )
            }
          />
        </Panel>
        <Panel
          title="Recent changes"
          aside={
            <Link href="/audit" className="hover:text-ink">
              Audit
            </Link>
          }
        >
          <DataTable
            label="Recent changes"
            columns={RECENT}
            rows={audit.data?.entries}
            rowId={(it) => String(it.id)}
            empty={
              <Empty icon={ScrollText} title="Nothing was changed yet">
                What operators and keys change is listed here.
              </Empty>
            }
          />
        </Panel>
      </div>
    </>
  );
}
