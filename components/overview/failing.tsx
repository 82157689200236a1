"use client";

import { MailCheck } from "lucide-react";
import Link from "next/link";
import type { ParkedGroup } from "@/server/contract/parked.ts";
import { groupHref } from "../dead-letters/parked-words.ts";
import { type Column, DataTable } from "../display/data-table.tsx";
import { formatCount } from "../display/format-count.ts";
import { Ago } from "../display/moment.tsx";
import { Empty } from "../display/notice.tsx";
import { Panel } from "../ui/panel.tsx";

const SHOWN = 6;

const COLUMNS: readonly Column<ParkedGroup>[] = [
  {
    id: "error",
    header: "What went wrong",
    cell: (it) => (
      <Link
        href={groupHref(it.consumer, it.fingerprint)}
        title={`${it.consumer}: ${it.sample.error.message}`}
        className="rounded-sm hover:underline"
      >
        <span className="font-medium">{it.consumer}</span>{" "}
        <span className="text-muted">
          {it.sample.error.name}: {it.sample.error.message}
        </span>
      </Link>
    ),
  },
  {
    id: "dead",
    header: "Dead",
    cell: (it) => <span className={it.dead > 0 ? "font-medium text-bad" : ""}>{formatCount(it.dead)}</span>,
    isNumber: true,
    width: "w-16",
  },
  {
    id: "retrying",
    header: "Retrying",
    cell: (it) => formatCount(it.retrying),
    isNumber: true,
    width: "w-20",
    from: "md",
  },
  {
    id: "behind",
    header: "Behind",
    cell: (it) => formatCount(it.eventsBehind),
    isNumber: true,
    width: "w-20",
    from: "md",
  },
  { id: "last", header: "Last", cell: (it) => <Ago at={it.lastAt} />, isNumber: true, width: "w-24" },
];

/** The kinds of failures that happened last; undefined while loading. */
export function Failing({ groups }: { groups: readonly ParkedGroup[] | undefined }) {
  const newest = groups && [...groups].sort((a, b) => b.lastAt.localeCompare(a.lastAt)).slice(0, SHOWN);
  return (
    <Panel
      title="What fails"
      aside={
        <Link href="/dead-letters" className="hover:text-ink">
          Dead letters
        </Link>
      }
    >
      <DataTable
        label="What fails"
        columns={COLUMNS}
        rows={newest}
        rowId={(it) => `${it.consumer}/${it.fingerprint}`}
        href={(it) => groupHref(it.consumer, it.fingerprint)}
        empty={
          <Empty icon={MailCheck} title="Nothing fails">
            An event whose handler fails stands here until it has gone through or is discarded.
          </Empty>
        }
      />
    </Panel>
  );
}
