"use client";

import { useQuery } from "@tanstack/react-query";
import { Radio } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { ConsumerSummary } from "@/server/contract/consumers.ts";
import { RemoveTopic } from "../bin/remove-topic.tsx";
import { ConsumerStatus } from "../consumers/consumer-status.tsx";
import { useApi } from "../data/api.ts";
import { CodeBlock } from "../display/code-block.tsx";
import { curl } from "../display/curl.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { FactStrip } from "../display/facts.tsx";
import { Failure } from "../display/failure.tsx";
import { formatBytes, formatCount, formatRate } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { Sparkline } from "../display/sparkline.tsx";
import { useNow } from "../display/use-now.ts";
import { useLive } from "../live/live-provider.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { buttonStyle } from "../ui/button-style.ts";
import { Panel } from "../ui/panel.tsx";
import { HeldUp } from "./held-up.tsx";
import { RetentionDialog, retentionText } from "./retention-dialog.tsx";
import { TopicCharts } from "./topic-charts.tsx";
import { TopicTabs } from "./topic-tabs.tsx";

type Place = ConsumerSummary["topics"][number];
interface ReaderRow extends Place {
  readonly consumer: string;
  readonly of: ConsumerSummary;
}

function filterOf({ types, keys, keyPrefix }: Place): string {
  const parts = [
    ...(types === undefined ? [] : [types.length > 2 ? `${types.length} types` : types.join(", ")]),
    ...(keys === undefined ? [] : [keys.length > 2 ? `${keys.length} keys` : `key ${keys.join(", ")}`]),
    ...(keyPrefix === undefined ? [] : [`keys ${keyPrefix}…`]),
  ];
  return parts.length === 0 ? "all events" : parts.join(" · ");
}

const READERS: readonly Column<ReaderRow>[] = [
  {
    id: "consumer",
    header: "Consumer",
    sortBy: (it) => it.consumer,
    cell: (it) => (
      <Link href={`/consumers/${it.consumer}`} className="rounded-sm font-medium hover:underline">
        {it.consumer}
      </Link>
    ),
  },
  {
    id: "status",
    header: "Status",
    cell: (it) => <ConsumerStatus consumer={it.of} />,
    width: "w-28",
  },
  { id: "filter", header: "Takes", cell: (it) => <span className="text-muted">{filterOf(it)}</span>, from: "lg" },
  {
    id: "position",
    header: "Position",
    sortBy: (it) => it.position,
    cell: (it) => <span className="live-value">{formatCount(it.position)}</span>,
    isNumber: true,
    width: "w-28",
  },
  {
    id: "lag",
    header: "Lag",
    sortBy: (it) => it.lag,
    cell: (it) => <span className="live-value">{formatCount(it.lag)}</span>,
    isNumber: true,
    width: "w-24",
  },
  {
    id: "time",
    header: "Behind",
    sortBy: (it) => it.lagMs,
    cell: (it) => <span className="live-value">{formatDuration(it.lagMs)}</span>,
    isNumber: true,
    width: "w-28",
  },
  {
    id: "members",
    header: "Members",
    cell: (it) => formatCount(it.of.members.length),
    isNumber: true,
    width: "w-24",
    from: "md",
  },
];

const SERIES_SECONDS = 120;

export function TopicPage({ topic }: { topic: string }) {
  const api = useApi();
  const { history } = useLive();
  useNow();
  const description = useQuery(api.topics.get.queryOptions({ topic }));
  const consumers = useQuery(api.consumers.list.queryOptions());
  const it = description.data;
  const readers = consumers.data?.consumers.flatMap((consumer) =>
    consumer.topics
      .filter((place) => place.topic === topic)
      .map((place): ReaderRow => ({ ...place, consumer: consumer.consumer, of: consumer })),
  );
  const series = history.series(SERIES_SECONDS, topic);
  const [isRetaining, setRetaining] = useState(false);
  const [isRemoving, setRemoving] = useState(false);
  const rate = history.rate(topic);

  return (
    <Page
      crumbs={[
        { label: "Topics", href: "/topics" },
        { label: topic, isName: true },
      ]}
      tabs={<TopicTabs topic={topic} current="facts" />}
      actions={
        <>
          <Button size="sm" disabled={it === undefined} onClick={() => setRemoving(true)}>
            Remove
          </Button>
          <Button size="sm" disabled={it === undefined} onClick={() => setRetaining(true)}>
            Retention
          </Button>
          <Link href={`/topics/${topic}/events?live=true`} className={buttonStyle({ size: "sm" })}>
            Watch live
          </Link>
        </>
      }
    >
      {description.error !== null ? (
        <Failure
          error={description.error}
          what="topic"
          all={{ href: "/topics", label: "All topics" }}
          onRetry={() => void description.refetch()}
        />
      ) : (
        <>
          {it === undefined || it.description === "" ? null : <p className="max-w-3xl text-muted">{it.description}</p>}
          {it?.heldUp == null ? null : <HeldUp heldUp={it.heldUp} />}
          <FactStrip
            facts={[
              { label: "Head", value: formatCount(it?.head), note: "offset of the last event" },
              {
                label: "Retained from",
                value: formatCount(it?.tail),
                note: `kept ${retentionText(it?.retention ?? null)}`,
              },
              { label: "Published", value: `${formatRate(rate)} /s`, note: "events, mean of 10 s" },
              { label: "Size", value: formatBytes(it?.bytes), note: "payload bytes" },
              { label: "First event", value: <Ago at={it?.firstRecordedAt} />, note: "recorded" },
              { label: "Last event", value: <Ago at={it?.lastRecordedAt} />, note: "recorded" },
            ]}
          />
          <Panel
            title="Publish rate"
            aside={`last ${SERIES_SECONDS / 60} min, highest ${formatRate(Math.max(0, ...series))} /s`}
          >
            <div className="p-3">
              <Sparkline
                values={series}
                label={`Publish rate over the last two minutes: now ${formatRate(rate)}, highest ${formatRate(Math.max(0, ...series))} events a second`}
                className="live-value h-16 w-full"
              />
            </div>
          </Panel>
          <Panel title="Consumers">
            <DataTable
              label={`Consumers of ${topic}`}
              columns={READERS}
              rows={readers}
              rowId={(row) => row.consumer}
              href={(row) => `/consumers/${row.consumer}`}
              initialSort="-time"
              empty={
                <Empty icon={Radio} title="No consumer reads this topic">
                  Events are kept all the same.{" "}
                  <Link className="text-accent underline" href={`/consumers?create=true&topic=${topic}`}>
                    Create a consumer
                  </Link>
                  , or follow the topic without one.
                </Empty>
              }
            />
          </Panel>
          <TopicCharts topic={topic} />
          {it === undefined ? null : (
            <Panel title="Publish and follow">
              <div className="grid gap-3 p-3 xl:grid-cols-2">
                <CodeBlock
                  label="Publish"
                  code={curl({
                    method: "POST",
                    path: `/v1/topics/${topic}/events`,
                    json: '{"type":"greeting","key":"a","data":{"hello":"world"}}',
                  })}
                />
                <CodeBlock
                  label="Follow"
                  code={`${curl({ method: "GET", path: `/v1/topics/${topic}/events?from=latest` }).replace("curl -sS", "curl -sSN")} \\\n  -H 'Accept: text/event-stream'`}
                />
              </div>
            </Panel>
          )}
        </>
      )}
      {it === undefined ? null : <RetentionDialog description={it} isOpen={isRetaining} onOpenChange={setRetaining} />}
      <RemoveTopic topic={topic} isOpen={isRemoving} onOpenChange={setRemoving} />
    </Page>
  );
}
