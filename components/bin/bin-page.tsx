"use client";

import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import type { BinEntry } from "@/server/contract/bin.ts";
import { useApi } from "../data/api.ts";
import { actorText } from "../display/actor-text.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { plural } from "../display/format-count.ts";
import { Ago, DateTime } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { useNow } from "../display/use-now.ts";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";
import { BinDaysDialog } from "./bin-days-dialog.tsx";
import { holdingsText } from "./holdings-text.ts";
import { RestoreDialog } from "./restore-dialog.tsx";

const REFRESH_MS = 5_000;

export function BinPage() {
  const api = useApi();
  useNow();
  const bin = useQuery(api.bin.list.queryOptions(undefined, { refetchInterval: REFRESH_MS }));
  const [restoring, setRestoring] = useState<BinEntry | null>(null);
  const [isConfiguring, setConfiguring] = useState(false);
  const days = bin.data?.binDays;
  return (
    <Page
      crumbs={[{ label: "Bin" }]}
      actions={
        <Button size="sm" disabled={days === undefined} onClick={() => setConfiguring(true)}>
          {days === undefined ? "Days kept" : `Kept for ${plural(days, "day")}`}
        </Button>
      }
    >
      {bin.error !== null ? (
        <Failure error={bin.error} what="bin" onRetry={() => void bin.refetch()} />
      ) : (
        <Panel>
          <DataTable
            label="What was removed"
            columns={columns(setRestoring)}
            rows={bin.data?.entries}
            rowId={(it) => it.id}
            empty={
              <Empty icon={Trash2} title="The bin is empty">
                Topics and consumers that are removed can be restored from here
                {days === undefined ? "" : ` for ${plural(days, "day")}`}.
              </Empty>
            }
          />
        </Panel>
      )}
      {restoring === null ? null : <RestoreDialog entry={restoring} onClose={() => setRestoring(null)} />}
      {days === undefined || !isConfiguring ? null : (
        <BinDaysDialog days={days} entries={bin.data?.entries ?? []} onClose={() => setConfiguring(false)} />
      )}
    </Page>
  );
}

function columns(onRestore: (entry: BinEntry) => void): readonly Column<BinEntry>[] {
  return [
    {
      id: "name",
      header: "Name",
      sortBy: (it) => it.name,
      isProse: true,
      cell: (it) => (
        <span className="font-medium">
          {it.name} <span className="font-normal text-muted">{it.kind}</span>
        </span>
      ),
    },
    {
      id: "holds",
      header: "With it",
      isProse: true,
      cell: (it) => <span className="text-muted">{holdingsText(it.holds).join(", ") || "nothing"}</span>,
      width: "w-44",
      from: "lg",
    },
    {
      id: "removed",
      header: "Removed",
      sortBy: (it) => Date.parse(it.removedAt),
      width: "w-50",
      cell: (it) => (
        <span title={actorText(it.removedBy)}>
          <Ago at={it.removedAt} /> by {actorText(it.removedBy)}
        </span>
      ),
      from: "xl",
    },
    {
      id: "reason",
      header: "Reason",
      isProse: true,
      cell: (it) => <span className="text-muted">{it.reason}</span>,
      width: "w-40",
      from: "xl",
    },
    {
      id: "purge",
      header: "Deleted for ever",
      sortBy: (it) => Date.parse(it.purgeAt),
      isProse: true,
      cell: (it) =>
        it.isPurging ? (
          <span className="text-bad">now, {plural(it.purged, "row")} gone so far</span>
        ) : (
          <DateTime at={it.purgeAt} />
        ),
      width: "w-50",
      from: "md",
    },
    {
      id: "restore",
      header: "Restore",
      cell: (it) => (
        <Button
          size="sm"
          disabled={it.isPurging}
          title={it.isPurging ? "Some of it is deleted already." : undefined}
          aria-label={`Restore ${it.kind} ${it.name}`}
          onClick={() => onRestore(it)}
        >
          Restore
        </Button>
      ),
      width: "w-24",
    },
  ];
}
