import Link from "next/link";
import { formatCount, plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Status } from "../display/status.tsx";
import type { Tone } from "../ui/badge.tsx";

export interface Reader {
  readonly consumer: string;
  readonly lag: number;
  readonly lagMs: number;
  readonly tone: Tone;
}

const SHOWN = 3;

/** The consumers of a topic on one line, the one furthest behind first. */
export function ReaderList({ readers }: { readers: readonly Reader[] }) {
  if (readers.length === 0) return <span className="text-faint">none</span>;
  const sorted = readers.toSorted((a, b) => b.lagMs - a.lagMs || b.lag - a.lag);
  return (
    <span className="flex min-w-0 items-center gap-4">
      {sorted.slice(0, SHOWN).map((it) => (
        <Link
          key={it.consumer}
          href={`/consumers/${it.consumer}`}
          title={`${it.consumer}: ${plural(it.lag, "event")} behind, ${formatDuration(it.lagMs)}`}
          className="inline-flex min-w-0 items-center gap-1 rounded-sm hover:underline"
        >
          <Status tone={it.tone} word={it.consumer} />
          <span className="live-value shrink-0 text-muted text-xs">{formatCount(it.lag)}</span>
        </Link>
      ))}
      {sorted.length > SHOWN ? <span className="shrink-0 text-faint text-xs">+{sorted.length - SHOWN}</span> : null}
    </span>
  );
}
