"use client";

import Link from "next/link";
import { formatCount } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Status } from "../display/status.tsx";
import { isOpen, KIND_WORDS, STATUS_WORDS } from "../operations/operation-words.ts";
import { Progress } from "../operations/progress.tsx";
import { useOperations } from "../operations/use-operations.ts";
import { Panel } from "../ui/panel.tsx";

const SHOWN = 5;

/** Operations that are not over; nothing when there is none. */
export function RunningOperations() {
  const open = useOperations().data?.operations.filter(isOpen) ?? [];
  if (open.length === 0) return null;
  return (
    <Panel
      title="Operations under way"
      aside={
        <Link href="/operations" className="hover:text-ink">
          All operations
        </Link>
      }
    >
      <ul>
        {open.slice(0, SHOWN).map((it) => (
          <li
            key={it.id}
            className="grid min-h-(--row) grid-cols-[minmax(0,1fr)_auto_auto] md:grid-cols-[minmax(0,1fr)_5rem_minmax(0,1fr)_14rem] items-center gap-4 border-line border-b px-3 last:border-0"
          >
            <Link href={`/operations/${it.id}`} className="truncate rounded-sm font-medium hover:underline">
              {KIND_WORDS[it.kind]} · {it.consumer}
            </Link>
            <Status {...STATUS_WORDS[it.status]} />
            <div className="max-md:hidden">
              <Progress operation={it} />
            </div>
            <span className="live-value truncate text-right text-muted text-xs">
              {formatCount(it.done)} of {formatCount(it.total)}
              {it.etaMs === null ? "" : `, ${formatDuration(it.etaMs)} left`}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
