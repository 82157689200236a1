"use client";

import { useQuery } from "@tanstack/react-query";
import type { AlertRule } from "@/server/contract/alerts.ts";
import { conditionWords } from "@/server/domain/alert-words.ts";
import { useApi } from "../data/api.ts";
import { actorText } from "../display/actor-text.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { formatDuration } from "../display/format-time.ts";
import { Empty } from "../display/notice.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Panel } from "../ui/panel.tsx";

function columnsOf(onOpen: (name: string) => void): readonly Column<AlertRule>[] {
  return [
    {
      id: "name",
      header: "Rule",
      sortBy: (it) => it.name,
      cell: (it) => (
        <span className="font-medium" title={it.description}>
          {it.name}
        </span>
      ),
      width: "w-44",
    },
    {
      id: "condition",
      header: "Tells when",
      cell: (it) => `${conditionWords(it.measure, it.above)}, for ${formatDuration(it.forSeconds * 1_000)}`,
      isProse: true,
    },
    {
      id: "pattern",
      header: "Of",
      cell: (it) => (it.pattern === "*" ? "all" : <span className="font-mono text-xs">{it.pattern}</span>),
      width: "w-36",
      from: "md",
    },
    {
      id: "severity",
      header: "Severity",
      sortBy: (it) => it.severity,
      cell: (it) => <Badge tone={it.severity === "page" ? "bad" : "idle"}>{it.severity}</Badge>,
      width: "w-24",
      from: "md",
    },
    {
      id: "enabled",
      header: "State",
      sortBy: (it) => Number(it.isEnabled),
      cell: (it) => <Badge tone={it.isEnabled ? "ok" : "idle"}>{it.isEnabled ? "On" : "Off"}</Badge>,
      width: "w-20",
    },
    { id: "by", header: "Changed by", cell: (it) => actorText(it.changedBy), width: "w-36", from: "xl" },
    {
      id: "edit",
      header: "Actions",
      cell: (it) => (
        <Button look="ghost" size="sm" className="h-6 px-2" title={`Change ${it.name}`} onClick={() => onOpen(it.name)}>
          Change
        </Button>
      ),
      isNumber: true,
      width: "w-24",
    },
  ];
}

export function RulesPanel({ onOpen }: { onOpen: (name: string) => void }) {
  const api = useApi();
  const rules = useQuery(api.alerts.rules.queryOptions());
  return (
    <Panel title="Rules" aside="looked at every ten seconds">
      {rules.error !== null ? (
        <Failure error={rules.error} what="list" onRetry={() => void rules.refetch()} />
      ) : (
        <DataTable
          label="Rules"
          columns={columnsOf(onOpen)}
          rows={rules.data?.rules}
          rowId={(it) => it.name}
          empty={<Empty title="No rule">Nobody is told of anything.</Empty>}
        />
      )}
    </Panel>
  );
}
