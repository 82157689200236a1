"use client";

import { useQuery } from "@tanstack/react-query";
import { ListChecks, SearchX } from "lucide-react";
import Link from "next/link";
import { parseAsBoolean, parseAsString, parseAsStringLiteral, useQueryStates } from "nuqs";
import { type Operation, operationKind } from "@/server/contract/operations.ts";
import { useApi } from "../data/api.ts";
import { actorText } from "../display/actor-text.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount, formatRate, plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { SearchBox } from "../display/search-box.tsx";
import { Status } from "../display/status.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { Select } from "../ui/select.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { filterText, isOpen, KIND_WORDS, STATUS_WORDS } from "./operation-words.ts";
import { Progress } from "./progress.tsx";
import { StartReplay } from "./start-replay.tsx";
import { OPERATIONS_LISTED, useOperations } from "./use-operations.ts";

const COLUMNS: readonly Column<Operation>[] = [
  {
    id: "status",
    header: "Status",
    sortBy: (it) => it.status,
    cell: (it) => <Status {...STATUS_WORDS[it.status]} {...(it.note === null ? {} : { title: it.note })} />,
    width: "w-26",
  },
  {
    id: "kind",
    header: "Operation",
    sortBy: (it) => it.kind,
    cell: (it) => (
      <Link
        href={`/operations/${it.id}`}
        title={`${KIND_WORDS[it.kind]} for ${it.consumer}`}
        className="rounded-sm font-medium hover:underline"
      >
        {KIND_WORDS[it.kind]} <span className="font-normal text-muted">for {it.consumer}</span>
      </Link>
    ),
    width: "w-46",
  },
  {
    id: "reason",
    header: "Why",
    cell: (it) => (
      <span className="text-muted" title={`${it.reason} (${filterText(it.filter)})`}>
        {it.reason}
      </span>
    ),
    from: "lg",
  },
  { id: "progress", header: "Progress", cell: (it) => <Progress operation={it} />, width: "w-24", from: "xl" },
  {
    id: "done",
    header: "Taken up",
    sortBy: (it) => it.done,
    cell: (it) => `${formatCount(it.done)} / ${formatCount(it.total)}`,
    isNumber: true,
    width: "w-28",
  },
  {
    id: "failed",
    header: "Failed again",
    sortBy: (it) => it.failed,
    cell: (it) => <span className={it.failed > 0 ? "text-bad" : ""}>{formatCount(it.failed)}</span>,
    isNumber: true,
    width: "w-26",
  },
  {
    id: "rate",
    header: "Rate",
    cell: (it) => (isOpen(it) ? `${formatRate(it.ratePerSecond)} /s` : "–"),
    isNumber: true,
    width: "w-20",
    from: "xl",
  },
  {
    id: "eta",
    header: "Left",
    cell: (it) => (it.etaMs === null ? "–" : formatDuration(it.etaMs)),
    isNumber: true,
    width: "w-26",
    from: "xl",
  },
  {
    id: "who",
    header: "Who",
    cell: (it) => <span title={it.actor}>{actorText(it.actor)}</span>,
    width: "w-36",
    from: "xl",
  },
  {
    id: "at",
    header: "Started",
    sortBy: (it) => it.createdAt,
    cell: (it) => <Ago at={it.createdAt} />,
    isNumber: true,
    width: "w-24",
  },
];

const STATUSES = ["all", "open", "stopped"] as const;
const PASSES: Record<(typeof STATUSES)[number], (it: Operation) => boolean> = {
  all: () => true,
  open: isOpen,
  stopped: (it) => it.status === "failed" || it.status === "aborted",
};

export function OperationsPage() {
  const api = useApi();
  const operations = useOperations();
  const hasConsumers = (useQuery(api.consumers.list.queryOptions()).data?.consumers.length ?? 0) > 0;
  const [{ show, kind, q, replay }, change] = useQueryStates({
    show: parseAsStringLiteral(STATUSES).withDefault("all"),
    kind: parseAsStringLiteral(operationKind.options),
    q: parseAsString.withDefault(""),
    replay: parseAsBoolean.withDefault(false),
  });
  const all = operations.data?.operations;
  const text = q.toLowerCase();
  const rows = all?.filter(
    (it) =>
      PASSES[show](it) &&
      (kind === null || it.kind === kind) &&
      [it.consumer, it.actor, it.reason].some((part) => part.toLowerCase().includes(text)),
  );
  return (
    <Page
      crumbs={[{ label: "Operations" }]}
      actions={
        <Button
          size="sm"
          look="primary"
          blockedBecause={hasConsumers ? undefined : "There is no consumer yet."}
          onClick={() => void change({ replay: true })}
        >
          Replay events
        </Button>
      }
    >
      {operations.error !== null ? (
        <Failure error={operations.error} what="list" onRetry={() => void operations.refetch()} />
      ) : (
        <>
          <div className="flex flex-wrap items-center gap-3">
            <SearchBox
              label="Search consumers, people, reasons"
              value={q}
              onChange={(next) => void change({ q: next === "" ? null : next })}
            />
            <Select
              aria-label="Kind"
              className="w-40"
              value={kind ?? ""}
              choices={[
                { value: "", label: "All kinds" },
                ...operationKind.options.map((it) => ({ value: it, label: KIND_WORDS[it] })),
              ]}
              onChange={(next) => void change({ kind: next === "" ? null : (next as Operation["kind"]) })}
            />
            <ToggleGroup
              aria-label="Which operations"
              value={show}
              choices={[
                { value: "all", label: "All" },
                { value: "open", label: "Under way" },
                { value: "stopped", label: "Stopped" },
              ]}
              onChange={(next) => void change({ show: next === "all" ? null : next })}
            />
            <span className="text-muted text-xs">
              {rows === undefined
                ? ""
                : `${plural(rows.length, "operation")}${all?.length === OPERATIONS_LISTED.limit ? `, of the newest ${OPERATIONS_LISTED.limit}` : ""}`}
            </span>
          </div>
          <Panel>
            <DataTable
              label="Operations"
              columns={COLUMNS}
              rows={rows}
              rowId={(it) => it.id}
              href={(it) => `/operations/${it.id}`}
              empty={
                all?.length === 0 ? (
                  <Empty icon={ListChecks} title="No operation yet">
                    Redriving, discarding, restoring and replaying are operations: they show their progress here, and
                    can be paused and aborted.
                  </Empty>
                ) : (
                  <Empty
                    icon={SearchX}
                    title="No operation matches"
                    action={
                      <Button onClick={() => void change({ show: null, kind: null, q: null })}>
                        Clear the filters
                      </Button>
                    }
                  >
                    {plural(all?.length ?? 0, "operation")} in all; the filters hide every one.
                  </Empty>
                )
              }
            />
          </Panel>
        </>
      )}
      <StartReplay isOpen={replay} onOpenChange={(isOpen) => void change({ replay: isOpen ? true : null })} />
    </Page>
  );
}
