"use client";

import { useQuery } from "@tanstack/react-query";
import { MailCheck, SearchX } from "lucide-react";
import Link from "next/link";
import { parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import type { ParkedGroup } from "@/server/contract/parked.ts";
import { useApi } from "../data/api.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount, plural } from "../display/format-count.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { SearchBox } from "../display/search-box.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { Select } from "../ui/select.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { DeadLetterTabs } from "./dead-letter-tabs.tsx";
import { groupHref } from "./parked-words.ts";

const REFRESH_MS = 2_000;

const COLUMNS: readonly Column<ParkedGroup>[] = [
  {
    id: "error",
    header: "What went wrong",
    sortBy: (it) => it.sample.error.name,
    cell: (it) => (
      <Link
        href={groupHref(it.consumer, it.fingerprint)}
        title={`${it.sample.error.name}: ${it.sample.error.message}`}
        className="rounded-sm hover:underline"
      >
        <span className="font-medium">{it.sample.error.name}</span>{" "}
        <span className="text-muted">{it.sample.error.message}</span>
      </Link>
    ),
  },
  {
    id: "consumer",
    header: "Consumer",
    sortBy: (it) => it.consumer,
    cell: (it) => <span title={it.consumer}>{it.consumer}</span>,
    width: "w-44",
  },
  {
    id: "dead",
    header: "Dead",
    sortBy: (it) => it.dead,
    cell: (it) => <span className={it.dead > 0 ? "font-medium text-bad" : ""}>{formatCount(it.dead)}</span>,
    isNumber: true,
    width: "w-20",
  },
  {
    id: "retrying",
    header: "Retrying",
    sortBy: (it) => it.retrying,
    cell: (it) => formatCount(it.retrying),
    isNumber: true,
    width: "w-24",
  },
  {
    id: "sequences",
    header: "Keys held up",
    sortBy: (it) => it.sequencesBlocked,
    cell: (it) => formatCount(it.sequencesBlocked),
    isNumber: true,
    width: "w-28",
    from: "lg",
  },
  {
    id: "behind",
    header: "Waiting behind",
    sortBy: (it) => it.eventsBehind,
    cell: (it) => formatCount(it.eventsBehind),
    isNumber: true,
    width: "w-32",
    from: "md",
  },
  {
    id: "first",
    header: "First",
    sortBy: (it) => it.firstAt,
    cell: (it) => <Ago at={it.firstAt} />,
    isNumber: true,
    width: "w-24",
    from: "xl",
  },
  {
    id: "last",
    header: "Last",
    sortBy: (it) => it.lastAt,
    cell: (it) => <Ago at={it.lastAt} />,
    isNumber: true,
    width: "w-24",
    from: "lg",
  },
];

const STATES = ["all", "dead", "retrying"] as const;
const PASSES: Record<(typeof STATES)[number], (it: ParkedGroup) => boolean> = {
  all: () => true,
  dead: (it) => it.dead > 0,
  retrying: (it) => it.retrying > 0,
};

/** Failures of all consumers, grouped by what went wrong. */
export function GroupsPage() {
  const api = useApi();
  const query = useQuery(api.parked.allGroups.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  const [{ q, consumer, state }, change] = useQueryStates({
    q: parseAsString.withDefault(""),
    consumer: parseAsString.withDefault(""),
    state: parseAsStringLiteral(STATES).withDefault("all"),
  });
  const all = query.data?.groups;
  const text = q.toLowerCase();
  const rows = all?.filter(
    (it) =>
      PASSES[state](it) &&
      (consumer === "" || it.consumer === consumer) &&
      [it.consumer, it.sample.error.name, it.sample.error.message].some((part) => part.toLowerCase().includes(text)),
  );
  const sum = (of: (it: ParkedGroup) => number) => rows?.reduce((total, it) => total + of(it), 0) ?? 0;
  const consumers = [...new Set([...(all ?? []).map((it) => it.consumer), ...(consumer === "" ? [] : [consumer])])];

  return (
    <Page crumbs={[{ label: "Dead letters" }]} tabs={<DeadLetterTabs current="failing" />}>
      {query.error !== null ? (
        <Failure error={query.error} what="list" onRetry={() => void query.refetch()} />
      ) : (
        <>
          <div className="flex flex-wrap items-center gap-3">
            <SearchBox
              label="Search errors and consumers"
              value={q}
              onChange={(next) => void change({ q: next === "" ? null : next })}
            />
            <Select
              aria-label="Consumer"
              className="w-48"
              value={consumer}
              choices={[
                { value: "", label: "All consumers" },
                ...consumers.sort().map((it) => ({ value: it, label: it })),
              ]}
              onChange={(next) => void change({ consumer: next === "" ? null : next })}
            />
            <ToggleGroup
              aria-label="State"
              value={state}
              choices={[
                { value: "all", label: "All" },
                { value: "dead", label: "Dead" },
                { value: "retrying", label: "Retrying" },
              ]}
              onChange={(next) => void change({ state: next === "all" ? null : next })}
            />
            <span className="text-muted text-xs">
              {rows === undefined
                ? ""
                : `${plural(rows.length, "kind")} of failure · ${plural(
                    sum((it) => it.dead),
                    "dead letter",
                  )} · ${plural(
                    sum((it) => it.eventsBehind),
                    "event",
                  )} behind`}
            </span>
          </div>
          <Panel>
            <DataTable
              label="Failures by kind"
              columns={COLUMNS}
              rows={rows}
              rowId={(it) => `${it.consumer} ${it.fingerprint}`}
              href={(it) => groupHref(it.consumer, it.fingerprint)}
              initialSort="-dead"
              empty={
                all?.length === 0 ? (
                  <Empty icon={MailCheck} title="Nothing has failed">
                    An event whose handler fails is tried again by its consumer's retry policy; out of attempts it is a
                    dead letter, and stands here until somebody redrives or discards it.
                  </Empty>
                ) : (
                  <Empty
                    icon={SearchX}
                    title="No failure matches"
                    action={
                      <Button onClick={() => void change({ q: null, consumer: null, state: null })}>
                        Clear the filters
                      </Button>
                    }
                  >
                    {plural(all?.length ?? 0, "kind")} of failure in all; the filters hide every one.
                  </Empty>
                )
              }
            />
          </Panel>
        </>
      )}
    </Page>
  );
}
