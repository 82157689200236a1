"use client";

import { useQuery } from "@tanstack/react-query";
import { ArrowRight, History } from "lucide-react";
import { useState } from "react";
import type { PositionChange } from "@/server/contract/position-changes.ts";
import { useApi } from "../data/api.ts";
import { actorText } from "../display/actor-text.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount } from "../display/format-count.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { ReasonDialog } from "../display/reason-dialog.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { targetText } from "./target-text.ts";
import { undoCurl, useUndo } from "./use-undo.ts";

const COLUMNS: readonly Column<PositionChange>[] = [
  { id: "at", header: "When", cell: (it) => <Ago at={it.appliedAt} />, width: "w-28" },
  {
    id: "who",
    header: "Who",
    cell: (it) => <span title={it.actor}>{actorText(it.actor)}</span>,
    width: "w-36",
    from: "lg",
  },
  { id: "target", header: "Moved to", cell: (it) => targetText(it.target), isProse: true, width: "w-32" },
  {
    id: "changes",
    header: "From → to",
    isProse: true,
    cell: (it) => {
      const said = it.changes
        .map((change) => `${change.topic} ${formatCount(change.from)} → ${formatCount(change.to)}`)
        .join(" · ");
      return <span className="text-muted">{said}</span>;
    },
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

/** The standing of a change: it stands, was undone, or undid another. */
function Fate({ change, changes }: { change: PositionChange; changes: readonly PositionChange[] }) {
  const at = (id: string | null) => changes.find((it) => it.id === id)?.appliedAt;
  if (change.undoneBy !== null) {
    return (
      <span className="text-muted">
        undone <Ago at={at(change.undoneBy)} />
      </span>
    );
  }
  if (change.undoOf !== null) return <span>undoes the one before</span>;
  return <span className="text-faint">stands</span>;
}

export function PositionHistory({ consumer }: { consumer: string }) {
  const api = useApi();
  const [undoing, setUndoing] = useState<PositionChange | null>(null);
  // While the dialog fades out it still says what it said.
  const [shown, setShown] = useState(undoing);
  if (undoing !== null && undoing !== shown) setShown(undoing);
  const { data, error, refetch } = useQuery(api.positions.list.queryOptions({ consumer }));
  const undo = useUndo(consumer, () => setUndoing(null));
  if (error !== null) return <Failure error={error} what="history" onRetry={() => void refetch()} />;
  const changes = data?.changes ?? [];
  const newest = changes[0];
  const columns: readonly Column<PositionChange>[] = [
    ...COLUMNS,
    { id: "fate", header: "Now", cell: (it) => <Fate change={it} changes={changes} />, width: "w-42", from: "md" },
    {
      id: "undo",
      header: "Way back",
      cell: (it) => (
        <Button
          size="sm"
          look="ghost"
          blockedBecause={
            it.undoneBy !== null
              ? "It was undone."
              : it.id === newest?.id
                ? undefined
                : "Only the newest change can be undone."
          }
          onClick={() => setUndoing(it)}
        >
          {it.undoOf === null ? "Undo" : "Redo"}
        </Button>
      ),
      isNumber: true,
      width: "w-24",
    },
  ];
  return (
    <Panel title="Position changes" aside="newest first">
      <DataTable
        label="Position changes"
        columns={columns}
        rows={data?.changes}
        rowId={(it) => it.id}
        empty={
          <Empty icon={History} title="The position was never moved">
            It has only gone forward, by settlements. A move by an operator is listed here with its reason, and can be
            undone.
          </Empty>
        }
      />
      <ReasonDialog
        title={shown?.undoOf == null ? "Undo the position change" : "Undo the undo"}
        description="Positions go back to where they stood, and with them whatever parked events and state the change had touched. Members stay connected."
        isOpen={undoing !== null}
        onOpenChange={(isOpen) => {
          if (isOpen) return;
          undo.reset();
          setUndoing(null);
        }}
        action={`Undo for ${consumer}`}
        isBusy={undo.isPending}
        problem={undo.error?.message}
        api={(reason) => undoCurl(consumer, shown?.id ?? "…", reason)}
        onConfirm={(reason) => undoing !== null && undo.mutate({ consumer, id: undoing.id, reason })}
      >
        <ul className="flex flex-col gap-1 text-sm">
          {shown?.changes.map((it) => (
            <li key={it.topic}>
              <span className="font-mono text-xs">{it.topic}</span> {formatCount(it.to)}{" "}
              <ArrowRight aria-label="to" className="inline size-3 text-faint" /> {formatCount(it.from)}
            </li>
          ))}
        </ul>
      </ReasonDialog>
    </Panel>
  );
}
