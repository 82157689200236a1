"use client";

import { useQuery } from "@tanstack/react-query";
import { Activity, CheckCircle2, ScrollText } from "lucide-react";
import Link from "next/link";
import type { RateHistory } from "@/server/contract/account.ts";
import { consumerStanding, type Standing } from "../consumers/consumer-status.tsx";
import { Why } from "../consumers/why.tsx";
import { type ApiOutputs, useApi } from "../data/api.ts";
import { actorText } from "../display/actor-text.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { FactStrip } from "../display/facts.tsx";
import { Failure } from "../display/failure.tsx";
import { formatBytes, formatCount, formatRate, plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { type Series, TimeChart } from "../display/time-chart.tsx";
import { useNow } from "../display/use-now.ts";
import { useLive } from "../live/live-provider.tsx";
import { Panel } from "../ui/panel.tsx";
import { Failing } from "./failing.tsx";
import { HealthStrip } from "./health-strip.tsx";
import { RunningOperations } from "./running-operations.tsx";

type AuditRow = ApiOutputs["audit"]["list"]["entries"][number];

type Behind = Standing & { readonly consumer: string };

const SHOWN = 10;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SAMPLED_MS = 10_000;

const BEHIND: readonly Column<Behind>[] = [
  {
    id: "consumer",
    header: "Consumer",
    cell: (it) => (
      <Link href={`/consumers/${it.consumer}`} className="rounded-sm font-medium hover:underline">
        {it.consumer}
      </Link>
    ),
    width: "w-36",
  },
  {
    id: "why",
    header: "Why",
    cell: (it) => <Why of={it} />,
    from: "md",
  },
  {
    id: "lag",
    header: "Events",
    cell: (it) => <span className="live-value">{formatCount(it.lag)}</span>,
    isNumber: true,
    width: "w-20",
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
  { id: "who", header: "Who", cell: (it) => actorText(it.actor), width: "w-44", from: "md" },
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

const RATES: readonly Series<RateHistory["points"][number]>[] = [
  { name: "Published", colour: "var(--accent)", of: (it) => it.publishedPerSecond },
  { name: "Settled", colour: "var(--ok)", isDashed: true, of: (it) => it.settledPerSecond },
  { name: "Failed", colour: "var(--bad)", of: (it) => it.failedPerSecond },
];

/** Kinds of failures, and how many of them are of today. */
function newKinds(groups: ApiOutputs["parked"]["allGroups"]["groups"]): string {
  const isNew = groups.filter((it) => Date.parse(it.firstAt) > Date.now() - DAY_MS).length;
  return groups.length === 0 ? "nothing fails" : `${plural(groups.length, "kind")}, ${formatCount(isNew)} new in 24 h`;
}

export function Overview() {
  const api = useApi();
  const { history } = useLive();
  useNow();
  const topics = useQuery(api.topics.list.queryOptions());
  const consumers = useQuery(api.consumers.list.queryOptions());
  const rates = useQuery(api.accounts.rates.queryOptions(undefined, { refetchInterval: SAMPLED_MS }));
  const groups = useQuery(api.parked.allGroups.queryOptions(undefined, { refetchInterval: SAMPLED_MS }));
  const audit = useQuery(api.audit.list.queryOptions({ limit: SHOWN }, { refetchInterval: 15_000 }));

  if (topics.error !== null)
    return <Failure error={topics.error} what="overview" onRetry={() => void topics.refetch()} />;

  const all = topics.data?.topics;
  const everyone = consumers.data?.consumers;
  const events = all?.reduce((sum, it) => sum + it.head, 0);
  const bytes = all?.reduce((sum, it) => sum + it.bytes, 0);
  const members = everyone?.reduce((sum, it) => sum + it.members.length, 0);
  const rate = all?.length === 0 ? 0 : history.total();
  const standings = everyone?.map((it) => ({ consumer: it.consumer, ...consumerStanding(it) }));
  const behind = standings
    ?.filter((it) => it.lag > 0)
    .sort((a, b) => b.lagMs - a.lagMs)
    .slice(0, SHOWN);
  const worst = behind?.[0];
  const dead = everyone?.reduce((sum, it) => sum + it.parked.dead, 0);
  const newest = rates.data?.points.at(-1);

  return (
    <>
      <HealthStrip standings={standings} />
      <FactStrip
        facts={[
          { label: "Published", value: `${formatRate(rate)} /s`, note: "events, mean of 10 s" },
          {
            label: "Settled",
            value: `${formatRate(newest?.settledPerSecond)} /s`,
            note: `${formatRate(newest?.failedPerSecond)} /s failed, mean of 30 s`,
          },
          {
            label: "Events",
            value: formatCount(events),
            note: all === undefined ? "" : `in ${plural(all.length, "topic")}, ${formatBytes(bytes)}`,
          },
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
            note: groups.data === undefined ? "" : newKinds(groups.data.groups),
          },
          {
            label: "Furthest behind",
            value: everyone === undefined ? "–" : formatDuration(worst?.lagMs ?? 0),
            note: worst === undefined ? "nobody waits" : worst.consumer,
          },
        ]}
      />
      <RunningOperations />
      <div className="grid gap-5 xl:grid-cols-2">
        <TimeChart
          title="Events per second"
          aside="last hour, all topics and consumers"
          points={rates.data?.points ?? []}
          spanMs={HOUR_MS}
          format={formatRate}
          series={RATES}
        />
        <Failing groups={groups.data?.groups} />
      </div>
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
            rowId={(it) => it.consumer}
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
