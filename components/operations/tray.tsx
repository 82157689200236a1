"use client";

import { Loader } from "lucide-react";
import Link from "next/link";
import { formatCount, plural } from "../display/format-count.ts";
import { isOpen, KIND_WORDS } from "./operation-words.ts";
import { Progress } from "./progress.tsx";
import { useOperations } from "./use-operations.ts";

const SHOWN = 3;

/** Operations under way, on every page; nothing when there is none. */
export function OperationsTray() {
  const open = useOperations().data?.operations.filter(isOpen) ?? [];
  if (open.length === 0) return null;
  const label = `${plural(open.length, "operation")} under way`;
  return (
    <>
      <Link
        href="/operations?show=open"
        title={label}
        className="mx-2 mb-1 flex h-7 items-center justify-center gap-1 rounded-md text-accent text-xs hover:bg-hover lg:hidden"
      >
        <Loader aria-hidden="true" className="size-3.5" />
        {formatCount(open.length)} <span className="sr-only">{label}</span>
      </Link>
      <section
        aria-label="Operations under way"
        className="mx-2 mb-1 flex flex-col gap-2 rounded-md border border-line bg-surface p-2 max-lg:hidden"
      >
        {open.slice(0, SHOWN).map((it) => (
          <Link
            key={it.id}
            href={`/operations/${it.id}`}
            className="flex flex-col gap-1 rounded-sm text-xs hover:text-accent"
          >
            <span className="flex items-center gap-1.5">
              <Loader aria-hidden="true" className="size-3 shrink-0 text-accent" />
              <span className="truncate">
                {KIND_WORDS[it.kind]} · {it.consumer}
              </span>
              <span className="ml-auto shrink-0 text-faint">
                {it.status === "paused" ? "paused" : `${formatCount(it.done)}/${formatCount(it.total)}`}
              </span>
            </span>
            <Progress operation={it} />
          </Link>
        ))}
        {open.length > SHOWN ? (
          <Link href="/operations?show=open" className="rounded-sm text-muted text-xs hover:text-ink">
            {open.length - SHOWN} more
          </Link>
        ) : null}
      </section>
    </>
  );
}
