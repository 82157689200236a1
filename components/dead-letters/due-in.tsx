"use client";

import { formatDuration } from "../display/format-time.ts";
import { useNow } from "../display/use-now.ts";

/** When a retrying event is tried again, counting down. */
export function DueIn({ at }: { at: string | null }) {
  const now = useNow();
  if (at === null) return <span className="text-faint">–</span>;
  const inMs = Date.parse(at) - now;
  return <>{inMs <= 0 ? "now" : `in ${formatDuration(inMs)}`}</>;
}
