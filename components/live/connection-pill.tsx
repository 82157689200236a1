"use client";

import { formatDuration } from "../display/format-time.ts";
import { useNow } from "../display/use-now.ts";
import { cn } from "../ui/class-names.ts";
import { useLiveStatus } from "./live-provider.tsx";

/** Whether what the page shows is true now. */
export function ConnectionPill() {
  const { state, lastMessageMs } = useLiveStatus();
  const now = useNow();
  const ageMs = now - lastMessageMs;
  const word =
    state === "live" ? "Live" : state === "connecting" ? "Connecting" : ageMs < 8_000 ? "Reconnecting" : "Stale";
  const look =
    state === "live" ? "text-ok" : state === "connecting" || word === "Reconnecting" ? "text-warn" : "text-bad";
  return (
    <span
      role="status"
      title={lastMessageMs === 0 ? "Nothing has come yet" : `Last message ${formatDuration(Math.max(0, ageMs))} ago`}
      className="inline-flex h-6 items-center gap-1.5 whitespace-nowrap rounded-full border border-line px-2 text-muted text-xs"
    >
      <span className={cn("relative flex size-1.5", look)} aria-hidden="true">
        <span className="size-1.5 rounded-full bg-current" />
      </span>
      {word}
      {word === "Stale" ? ` since ${formatDuration(ageMs)}` : ""}
    </span>
  );
}
