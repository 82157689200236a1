"use client";

import { usePreferences } from "../preferences/preferences-provider.tsx";
import { clockName, formatAgo, formatDateTime, formatDuration } from "./format-time.ts";
import { useNow } from "./use-now.ts";

/** A moment as its age; the exact time on hover. */
export function Ago({ at }: { at: string | null | undefined }) {
  const { preferences } = usePreferences();
  const now = useNow();
  if (at === null || at === undefined) return <span className="text-faint">–</span>;
  return (
    <time
      dateTime={at}
      title={`${formatDateTime(at, preferences.clock)} ${clockName(preferences.clock)}`}
      className="whitespace-nowrap"
    >
      {now === 0 ? "–" : formatAgo(now - Date.parse(at))}
    </time>
  );
}

/** `3 min ago`, or `in 3 min 10 s`. */
function away(inMs: number): string {
  return inMs >= 1_000 ? `in ${formatDuration(inMs)}` : formatAgo(-inMs);
}

/** A moment in full; how far away it is on hover. */
export function DateTime({ at }: { at: string | null | undefined }) {
  const { preferences } = usePreferences();
  const now = useNow();
  if (at === null || at === undefined) return <span className="text-faint">–</span>;
  return (
    <time
      dateTime={at}
      title={`${away(Date.parse(at) - now)} · ${clockName(preferences.clock)}`}
      className="whitespace-nowrap"
    >
      {formatDateTime(at, preferences.clock)}
    </time>
  );
}
