"use client";

import { useQuery } from "@tanstack/react-query";
import { Radio } from "lucide-react";
import Link from "next/link";
import type { Fate } from "@/server/contract/account.ts";
import { moveBeforeHref } from "../consumers/use-move-fields.ts";
import { useApi } from "../data/api.ts";
import { sequenceHref } from "../dead-letters/parked-words.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { Failure } from "../display/failure.tsx";
import { formatCount } from "../display/format-count.ts";
import { Empty } from "../display/notice.tsx";
import { Status } from "../display/status.tsx";
import type { Tone } from "../ui/badge.tsx";
import { Panel } from "../ui/panel.tsx";

const LOOKS: Record<Fate["fate"], { readonly word: string; readonly tone: Tone }> = {
  settled: { word: "Settled", tone: "ok" },
  filtered: { word: "Filtered", tone: "idle" },
  "in-flight": { word: "In flight", tone: "accent" },
  retrying: { word: "Retrying", tone: "warn" },
  dead: { word: "Dead", tone: "bad" },
  blocked: { word: "Blocked", tone: "warn" },
  discarded: { word: "Discarded", tone: "idle" },
  skipped: { word: "Skipped", tone: "idle" },
  expired: { word: "Expired", tone: "idle" },
  "before-start": { word: "Before start", tone: "idle" },
  pending: { word: "Pending", tone: "idle" },
};

interface FateTableProps {
  readonly topic: string;
  readonly offset: number;
  readonly eventKey: string | null;
}

/** Where the reason stands: the sequence of its key, or the change that skipped it. */
function reasonHref(it: Fate, topic: string, key: string | null): string | null {
  if (it.parked !== null && key !== null) return sequenceHref(it.consumer, topic, key);
  if (it.parked !== null) return `/consumers/${it.consumer}?tab=parked`;
  return it.change === null ? null : `/consumers/${it.consumer}?tab=history`;
}

/** The fate of one event for every consumer of its topic. */
export function FateTable({ topic, offset, eventKey }: FateTableProps) {
  const api = useApi();
  const { data, error, refetch } = useQuery(
    api.accounts.fates.queryOptions({ topic, offset }, { refetchInterval: 2_000 }),
  );
  if (error !== null) return <Failure error={error} what="fate" onRetry={() => void refetch()} />;
  const columns: readonly Column<Fate>[] = [
    {
      id: "consumer",
      header: "Consumer",
      cell: (it) => (
        <Link href={`/consumers/${it.consumer}`} className="rounded-sm font-medium hover:underline">
          {it.consumer}
        </Link>
      ),
      width: "w-36",
    },
    { id: "fate", header: "Fate", cell: (it) => <Status {...LOOKS[it.fate]} />, width: "w-28" },
    {
      id: "detail",
      header: "In words",
      isProse: true,
      cell: (it) => {
        // A detail that only says the word again says nothing.
        if (it.detail.toLowerCase() === LOOKS[it.fate].word.toLowerCase()) return null;
        const href = reasonHref(it, topic, eventKey);
        return href === null ? (
          <span className="text-muted">{it.detail}</span>
        ) : (
          <Link href={href} className="rounded-sm hover:underline">
            {it.detail}
          </Link>
        );
      },
    },
    {
      id: "partition",
      header: "Partition",
      cell: (it) => formatCount(it.partition),
      isNumber: true,
      width: "w-20",
      from: "lg",
    },
    {
      id: "move",
      header: "Move",
      cell: (it) => (
        <Link
          href={moveBeforeHref(it.consumer, topic, offset)}
          className="rounded-sm text-muted text-xs hover:text-ink hover:underline"
        >
          Run from here<span className="sr-only"> for {it.consumer}</span>
        </Link>
      ),
      isNumber: true,
      width: "w-28",
      from: "md",
    },
  ];
  return (
    <Panel title="What became of it" aside="for every consumer of the topic">
      <DataTable
        label="Fates"
        columns={columns}
        rows={data?.fates}
        rowId={(it) => it.consumer}
        empty={
          <Empty icon={Radio} title="No consumer reads this topic">
            The event is kept all the same.
          </Empty>
        }
      />
    </Panel>
  );
}
