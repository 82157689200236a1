"use client";

import { usePreferences } from "../preferences/preferences-provider.tsx";
import { clockName, formatAgo, formatDateTime } from "./format-time.ts";
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

/** A moment in full; its age on hover. */
export function DateTime({ at }: { at: string | null | undefined }) {
  const { preferences } = usePreferences();
  const now = useNow();
  if (at === null || at === undefined) return <span className="text-faint">–</span>;
  return (
    <time
      dateTime={at}
      title={`${formatAgo(now - Date.parse(at))} · ${clockName(preferences.clock)}`}
      className="whitespace-nowrap"
    >
      {formatDateTime(at, preferences.clock)}
    </time>
  );
}
