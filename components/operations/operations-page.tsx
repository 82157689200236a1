"use client";

import { ListChecks, SearchX } from "lucide-react";
import Link from "next/link";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import type { Operation } from "@/server/contract/operations.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount, formatRate, plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { Status } from "../display/status.tsx";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { filterText, isOpen, KIND_WORDS, STATUS_WORDS } from "./operation-words.ts";
import { Progress } from "./progress.tsx";
import { useOperations } from "./use-operations.ts";

const COLUMNS: readonly Column<Operation>[] = [
  {
    id: "status",
    header: "Status",
    sortBy: (it) => it.status,
    cell: (it) => <Status {...STATUS_WORDS[it.status]} {...(it.note === null ? {} : { title: it.note })} />,
    width: "w-28",
  },
  {
    id: "kind",
    header: "Operation",
    sortBy: (it) => it.kind,
    cell: (it) => (
      <Link href={`/operations/${it.id}`} className="rounded-sm font-medium hover:underline">
        {KIND_WORDS[it.kind]} <span className="font-normal text-muted">for {it.consumer}</span>
      </Link>
    ),
    width: "w-60",
  },
  {
    id: "filter",
    header: "Of",
    cell: (it) => <span title={filterText(it.filter)}>{filterText(it.filter)}</span>,
    from: "lg",
  },
  { id: "progress", header: "Progress", cell: (it) => <Progress operation={it} />, width: "w-36", from: "md" },
  {
    id: "done",
    header: "Taken up",
    sortBy: (it) => it.done,
    cell: (it) => `${formatCount(it.done)} / ${formatCount(it.total)}`,
    isNumber: true,
    width: "w-32",
  },
  {
    id: "failed",
    header: "Failed again",
    sortBy: (it) => it.failed,
    cell: (it) => <span className={it.failed > 0 ? "text-bad" : ""}>{formatCount(it.failed)}</span>,
    isNumber: true,
    width: "w-28",
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
    width: "w-24",
    from: "xl",
  },
  { id: "who", header: "Who", cell: (it) => it.actor.replace(/^person:/, ""), width: "w-40", from: "xl" },
  {
    id: "at",
    header: "Started",
    sortBy: (it) => it.createdAt,
    cell: (it) => <Ago at={it.createdAt} />,
    isNumber: true,
    width: "w-24",
  },
];

export function OperationsPage() {
  const operations = useOperations();
  const [which, setWhich] = useQueryState("show", parseAsStringLiteral(["all", "open"] as const).withDefault("all"));
  const all = operations.data?.operations;
  const rows = which === "open" ? all?.filter(isOpen) : all;
  return (
    <Page crumbs={[{ label: "Operations" }]}>
      {operations.error !== null ? (
        <Failure error={operations.error} what="list" onRetry={() => void operations.refetch()} />
      ) : (
        <>
          <div className="flex flex-wrap items-center gap-3">
            <ToggleGroup
              aria-label="Which operations"
              value={which}
              choices={[
                { value: "all", label: "All" },
                { value: "open", label: "Under way" },
              ]}
              onChange={(next) => void setWhich(next === "all" ? null : next)}
            />
            <span className="text-muted text-xs">{rows === undefined ? "" : plural(rows.length, "operation")}</span>
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
                    title="Nothing is under way"
                    action={<Button onClick={() => void setWhich(null)}>Show all</Button>}
                  />
                )
              }
            />
          </Panel>
        </>
      )}
    </Page>
  );
}
