"use client";

import { useQuery } from "@tanstack/react-query";
import { Database, Plus, SearchX } from "lucide-react";
import Link from "next/link";
import { parseAsBoolean, parseAsString, useQueryState } from "nuqs";
import { useMemo } from "react";
import type { TopicDescription } from "@/server/contract/topics.ts";
import { consumerStanding } from "../consumers/consumer-status.tsx";
import { useApi } from "../data/api.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { formatBytes, formatCount, formatRate, plural } from "../display/format-count.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { SearchBox } from "../display/search-box.tsx";
import { useNow } from "../display/use-now.ts";
import { useLive } from "../live/live-provider.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { CreateTopic } from "./create-topic.tsx";
import { type Reader, ReaderList } from "./reader-list.tsx";

interface TopicRow extends TopicDescription {
  readonly rate: number | null;
  readonly readers: readonly Reader[];
}

const COLUMNS: readonly Column<TopicRow>[] = [
  {
    id: "topic",
    header: "Topic",
    sortBy: (it) => it.topic,
    cell: (it) => (
      <Link href={`/topics/${it.topic}`} className="rounded-sm font-medium hover:underline" title={it.description}>
        {it.topic}
      </Link>
    ),
  },
  {
    id: "head",
    header: "Head",
    sortBy: (it) => it.head,
    cell: (it) => <span className="live-value">{formatCount(it.head)}</span>,
    isNumber: true,
    width: "w-28",
  },
  {
    id: "rate",
    header: "Events/s",
    sortBy: (it) => it.rate ?? undefined,
    cell: (it) => <span className="live-value">{formatRate(it.rate)}</span>,
    isNumber: true,
    width: "w-24",
  },
  {
    id: "size",
    header: "Size",
    sortBy: (it) => it.bytes,
    cell: (it) => formatBytes(it.bytes),
    isNumber: true,
    width: "w-24",
    from: "lg",
  },
  {
    id: "first",
    header: "First",
    sortBy: (it) => it.firstRecordedAt ?? undefined,
    cell: (it) => <Ago at={it.firstRecordedAt} />,
    isNumber: true,
    width: "w-28",
    from: "xl",
  },
  {
    id: "last",
    header: "Last",
    sortBy: (it) => it.lastRecordedAt ?? undefined,
    cell: (it) => <Ago at={it.lastRecordedAt} />,
    isNumber: true,
    width: "w-28",
  },
  {
    id: "consumers",
    header: "Consumers and their lag",
    cell: (it) => <ReaderList readers={it.readers} />,
    width: "w-[38%]",
    from: "md",
  },
];

export function TopicsPage() {
  const api = useApi();
  const { history } = useLive();
  const now = useNow();
  const topics = useQuery(api.topics.list.queryOptions());
  const consumers = useQuery(api.consumers.list.queryOptions());
  const [search, setSearch] = useQueryState("q", parseAsString.withDefault(""));
  const [isCreating, setCreating] = useQueryState("create", parseAsBoolean.withDefault(false));

  const rows = useMemo(() => {
    const all = topics.data?.topics;
    // Rates move with the second, whatever else stands still.
    void now;
    return all
      ?.filter(
        (it) => it.topic.includes(search.toLowerCase()) || it.description.toLowerCase().includes(search.toLowerCase()),
      )
      .map((it): TopicRow => {
        const readers = (consumers.data?.consumers ?? []).flatMap((consumer) => {
          const place = consumer.topics.find((at) => at.topic === it.topic);
          return place === undefined
            ? []
            : [
                {
                  consumer: consumer.consumer,
                  lag: place.lag,
                  lagMs: place.lagMs,
                  tone: consumerStanding(consumer).tone,
                },
              ];
        });
        return { ...it, rate: history.rate(it.topic), readers };
      });
  }, [topics.data, consumers.data, search, history, now]);

  const create = (
    <Button look="primary" size="sm" onClick={() => void setCreating(true)}>
      <Plus aria-hidden="true" /> Create topic
    </Button>
  );

  return (
    <Page crumbs={[{ label: "Topics" }]} actions={create}>
      {topics.error !== null ? (
        <Failure error={topics.error} what="list" onRetry={() => void topics.refetch()} />
      ) : (
        <>
          <div className="flex items-center gap-3">
            <SearchBox
              label="Search topics"
              value={search}
              onChange={(text) => void setSearch(text === "" ? null : text)}
            />
            <span className="text-muted text-xs">{rows === undefined ? "" : plural(rows.length, "topic")}</span>
          </div>
          <Panel>
            <DataTable
              label="Topics"
              columns={COLUMNS}
              rows={rows}
              rowId={(it) => it.topic}
              href={(it) => `/topics/${it.topic}`}
              initialSort="topic"
              empty={
                search === "" ? (
                  <Empty icon={Database} title="No topic yet" action={create}>
                    A topic is a named, ordered log of events. It must be there before anybody publishes to it.
                  </Empty>
                ) : (
                  <Empty
                    icon={SearchX}
                    title="No topic matches"
                    action={<Button onClick={() => void setSearch(null)}>Clear the search</Button>}
                  >
                    {plural(topics.data?.topics.length ?? 0, "topic")} in all; none has “{search}” in its name or
                    description.
                  </Empty>
                )
              }
            />
          </Panel>
        </>
      )}
      <CreateTopic isOpen={isCreating} onOpenChange={(isOpen) => void setCreating(isOpen ? true : null)} />
    </Page>
  );
}
