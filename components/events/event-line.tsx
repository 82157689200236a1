"use client";

import { type CSSProperties, memo } from "react";
import type { EventRow } from "@/server/contract/events.ts";
import { formatCount } from "../display/format-count.ts";
import { DateTime } from "../display/moment.tsx";
import { cn } from "../ui/class-names.ts";
import { memberText } from "./event-json.ts";

/** One grid for the head and every line, so that all edges meet. */
export const EVENT_COLUMNS =
  "grid-cols-[80px_176px_minmax(150px,1fr)_minmax(140px,1fr)] @4xl:grid-cols-[80px_176px_minmax(150px,220px)_minmax(120px,200px)_minmax(160px,1fr)] gap-x-5";

/** More is out of sight in any case, and a megabyte of text in one line makes the browser crawl. */
const PREVIEW_CHARS = 400;

interface EventLineProps {
  readonly id: string;
  readonly row: EventRow;
  readonly style: CSSProperties;
  readonly isSelected: boolean;
  readonly isCursor: boolean;
  readonly onSelect: () => void;
}

function previewOf(json: string): string {
  const data = memberText(json, "data") ?? memberText(json, "data_base64");
  return data === null ? "" : data.slice(0, PREVIEW_CHARS);
}

export const EventLine = memo(function EventLine({ id, row, style, isSelected, isCursor, onSelect }: EventLineProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid takes the keys
    // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
    // biome-ignore lint/a11y/useFocusableInteractive: the grid holds the focus and names the active row
    <div
      id={id}
      role="row"
      aria-selected={isSelected}
      onClick={onSelect}
      style={style}
      className={cn(
        "absolute top-0 left-0 grid w-full cursor-pointer items-center border-line border-b px-5 hover:bg-hover",
        EVENT_COLUMNS,
        isCursor && "shadow-[inset_2px_0_0_var(--accent)]",
        isSelected && "bg-selected hover:bg-selected",
      )}
    >
      <Cell className="text-right">{formatCount(row.offset)}</Cell>
      <Cell className="text-muted">
        <DateTime at={row.recordedAt} />
      </Cell>
      <Cell title={row.type}>{row.type}</Cell>
      <Cell title={row.key ?? undefined} className="text-muted">
        {row.key ?? <span className="text-faint">–</span>}
      </Cell>
      <Cell className="font-mono text-muted text-xs @max-4xl:hidden">{previewOf(row.json)}</Cell>
    </div>
  );
});

function Cell({
  className,
  title,
  children,
}: {
  className?: string;
  title?: string | undefined;
  children: React.ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
    // biome-ignore lint/a11y/useFocusableInteractive: the grid holds the focus
    <div role="gridcell" title={title} className={cn("truncate", className)}>
      {children}
    </div>
  );
}
