"use client";

import { useQuery } from "@tanstack/react-query";
import { Plus, Radio, SearchX } from "lucide-react";
import Link from "next/link";
import { parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryState } from "nuqs";
import { useMemo } from "react";
import type { ConsumerSummary } from "@/server/contract/consumers.ts";
import { useApi } from "../data/api.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount, plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Empty } from "../display/notice.tsx";
import { SearchBox } from "../display/search-box.tsx";
import { Status } from "../display/status.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { consumerStanding, type Standing } from "./consumer-status.tsx";
import { CreateConsumer } from "./create-consumer.tsx";
import { Why } from "./why.tsx";

type ConsumerRow = ConsumerSummary & Standing;

const COLUMNS: readonly Column<ConsumerRow>[] = [
  {
    id: "consumer",
    header: "Consumer",
    sortBy: (it) => it.consumer,
    cell: (it) => (
      <Link href={`/consumers/${it.consumer}`} className="rounded-sm font-medium hover:underline">
        {it.consumer}
      </Link>
    ),
    width: "w-36 xl:w-44",
  },
  {
    id: "status",
    header: "Status",
    sortBy: (it) => it.word,
    cell: (it) => <Status tone={it.tone} word={it.word} title={it.why} />,
    width: "w-26",
  },
  {
    id: "why",
    header: "Why",
    cell: (it) => <Why of={it} />,
    from: "lg",
  },
  {
    id: "topics",
    header: "Topics",
    cell: (it) => (
      <span title={it.topics.map((at) => at.topic).join(", ")}>{it.topics.map((at) => at.topic).join(", ")}</span>
    ),
    width: "w-40",
    from: "xl",
  },
  {
    id: "lag",
    header: "Lag",
    sortBy: (it) => it.lag,
    cell: (it) => <span className="live-value">{formatCount(it.lag)}</span>,
    isNumber: true,
    width: "w-20",
  },
  {
    id: "time",
    header: "Behind",
    sortBy: (it) => it.lagMs,
    cell: (it) => <span className="live-value font-medium">{formatDuration(it.lagMs)}</span>,
    isNumber: true,
    width: "w-28",
  },
  {
    id: "parked",
    header: "Parked",
    sortBy: (it) => parked(it),
    cell: (it) =>
      parked(it) === 0 ? (
        <span className="text-faint">0</span>
      ) : (
        <Link
          href={`/dead-letters?consumer=${it.consumer}`}
          title={`${formatCount(it.parked.dead)} dead, ${formatCount(it.parked.retrying)} retrying, ${formatCount(it.parked.blocked)} waiting behind them`}
          className="live-value rounded-sm text-bad hover:underline"
        >
          {formatCount(parked(it))}
        </Link>
      ),
    isNumber: true,
    width: "w-20",
  },
  {
    id: "members",
    header: "Members",
    sortBy: (it) => it.members.length,
    cell: (it) => <span className="live-value">{formatCount(it.members.length)}</span>,
    isNumber: true,
    width: "w-24",
    from: "xl",
  },
];

const parked = ({ parked: { dead, retrying, blocked } }: ConsumerSummary): number => dead + retrying + blocked;

const FILTERS = ["all", "attention", "healthy", "idle"] as const;
const PASSES: Record<(typeof FILTERS)[number], (it: Standing) => boolean> = {
  all: () => true,
  attention: (it) => it.tone === "bad" || it.tone === "warn",
  healthy: (it) => it.tone === "ok",
  idle: (it) => it.tone === "idle",
};

export function ConsumersPage() {
  const api = useApi();
  const consumers = useQuery(api.consumers.list.queryOptions());
  const [search, setSearch] = useQueryState("q", parseAsString.withDefault(""));
  const [status, setStatus] = useQueryState("status", parseAsStringLiteral(FILTERS).withDefault("all"));
  const [isCreating, setCreating] = useQueryState("create", parseAsBoolean.withDefault(false));
  const [topic, setTopic] = useQueryState("topic", parseAsString);

  const rows = useMemo(
    () =>
      consumers.data?.consumers
        .map((it): ConsumerRow => ({ ...it, ...consumerStanding(it) }))
        .filter(
          (it) =>
            PASSES[status](it) &&
            [it.consumer, ...it.topics.map((at) => at.topic)].some((name) => name.includes(search.toLowerCase())),
        ),
    [consumers.data, status, search],
  );
  const total = consumers.data?.consumers.length ?? 0;
  const create = (
    <Button look="primary" size="sm" onClick={() => void setCreating(true)}>
      <Plus aria-hidden="true" /> Create consumer
    </Button>
  );

  return (
    <Page crumbs={[{ label: "Consumers" }]} actions={create}>
      {consumers.error !== null ? (
        <Failure error={consumers.error} what="list" onRetry={() => void consumers.refetch()} />
      ) : (
        <>
          <div className="flex flex-wrap items-center gap-3">
            <SearchBox
              label="Search consumers and topics"
              value={search}
              onChange={(text) => void setSearch(text === "" ? null : text)}
            />
            <ToggleGroup
              aria-label="Status"
              value={status}
              choices={[
                { value: "all", label: "All" },
                { value: "attention", label: "Needs a look" },
                { value: "healthy", label: "Healthy" },
                { value: "idle", label: "Idle" },
              ]}
              onChange={(next) => void setStatus(next === "all" ? null : next)}
            />
            <span className="text-muted text-xs">{rows === undefined ? "" : plural(rows.length, "consumer")}</span>
          </div>
          <Panel>
            <DataTable
              label="Consumers"
              columns={COLUMNS}
              rows={rows}
              rowId={(it) => it.consumer}
              href={(it) => `/consumers/${it.consumer}`}
              initialSort="-time"
              empty={
                total === 0 ? (
                  <Empty icon={Radio} title="No consumer yet" action={create}>
                    A consumer is a component's durable subscription: its topics, its place in them, and its state.
                  </Empty>
                ) : (
                  <Empty
                    icon={SearchX}
                    title="No consumer matches"
                    action={
                      <Button
                        onClick={() => {
                          void setSearch(null);
                          void setStatus(null);
                        }}
                      >
                        Clear the filters
                      </Button>
                    }
                  >
                    {plural(total, "consumer")} in all; the filters hide every one.
                  </Empty>
                )
              }
            />
          </Panel>
        </>
      )}
      <CreateConsumer
        isOpen={isCreating}
        topic={topic ?? undefined}
        onOpenChange={(isOpen) => {
          void setCreating(isOpen ? true : null);
          if (!isOpen) void setTopic(null);
        }}
      />
    </Page>
  );
}
