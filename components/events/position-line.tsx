"use client";

import Link from "next/link";
import type { CSSProperties } from "react";
import { formatCount, plural } from "../display/format-count.ts";
import type { Marker } from "./list-items.ts";

const SHOWN = 4;

/** Where consumers stand: everything on the older side of the line is settled by those named on it. */
export function PositionLine({ markers, style }: { markers: readonly Marker[]; style: CSSProperties }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid
    // biome-ignore lint/a11y/useFocusableInteractive: the links in it are
    <div role="row" style={style} className="absolute top-0 left-0 flex w-full items-center gap-2 bg-accent-soft px-5">
      {/* biome-ignore lint/a11y/useSemanticElements: part of a virtualised grid */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the links in it are */}
      <div role="gridcell" className="flex min-w-0 items-center gap-4 text-accent text-xs">
        {markers.slice(0, SHOWN).map((it) => (
          <Link
            key={it.consumer}
            href={`/consumers/${it.consumer}`}
            tabIndex={-1}
            title={`${it.consumer} has settled everything up to ${formatCount(it.position)}`}
            className="live-value truncate rounded-sm hover:underline"
          >
            <span className="font-medium">{it.consumer}</span> at {formatCount(it.position)}
            {it.lag > 0 ? ` · ${plural(it.lag, "event")} behind` : ""}
          </Link>
        ))}
        {markers.length > SHOWN ? <span>+{markers.length - SHOWN}</span> : null}
      </div>
      <span aria-hidden="true" className="h-px flex-1 bg-accent opacity-40" />
    </div>
  );
}
