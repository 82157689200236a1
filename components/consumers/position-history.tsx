"use client";

import { useQuery } from "@tanstack/react-query";
import { History } from "lucide-react";
import type { PositionChange } from "@/server/contract/position-changes.ts";
import { useApi } from "../data/api.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount } from "../display/format-count.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { Panel } from "../ui/panel.tsx";
import { targetText } from "./target-text.ts";

const COLUMNS: readonly Column<PositionChange>[] = [
  { id: "at", header: "When", cell: (it) => <Ago at={it.appliedAt} />, width: "w-28" },
  { id: "who", header: "Who", cell: (it) => it.actor.replace(/^person:/, ""), width: "w-48", from: "md" },
  { id: "target", header: "Moved to", cell: (it) => targetText(it.target), width: "w-56" },
  {
    id: "changes",
    header: "From → to",
    cell: (it) => (
      <span className="text-muted">
        {it.changes
          .map((change) => `${change.topic} ${formatCount(change.from)} → ${formatCount(change.to)}`)
          .join(" · ")}
      </span>
    ),
  },
  {
    id: "rerun",
    header: "Run again",
    cell: (it) => formatCount(it.changes.reduce((sum, at) => sum + at.rerun, 0)),
    isNumber: true,
    width: "w-24",
  },
  {
    id: "skip",
    header: "Skipped",
    cell: (it) => formatCount(it.changes.reduce((sum, at) => sum + at.skip, 0)),
    isNumber: true,
    width: "w-24",
  },
  { id: "reason", header: "Reason", cell: (it) => <span title={it.reason}>{it.reason}</span>, from: "lg" },
];

export function PositionHistory({ consumer }: { consumer: string }) {
  const api = useApi();
  const { data, error, refetch } = useQuery(api.positions.list.queryOptions({ consumer }));
  if (error !== null) return <Failure error={error} what="history" onRetry={() => void refetch()} />;
  return (
    <Panel title="Position changes" aside="newest first">
      <DataTable
        label="Position changes"
        columns={COLUMNS}
        rows={data?.changes}
        rowId={(it) => it.id}
        empty={
          <Empty icon={History} title="The position was never moved">
            It has only gone forward, by settlements. A move by an operator is listed here with its reason.
          </Empty>
        }
      />
    </Panel>
  );
}
