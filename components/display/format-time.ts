import type { Preferences } from "../preferences/preferences.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in its largest sensible unit or two: `240 ms`, `4.2 s`, `3 min 10 s`, `2 h 5 min`, `3 d 4 h`. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return "–";
  if (ms <= 0) return "0 s";
  if (ms < SECOND) return `${Math.max(1, Math.round(ms))} ms`;
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`;
  if (ms < HOUR) return pair([Math.floor(ms / MINUTE), "min"], [Math.floor((ms % MINUTE) / SECOND), "s"]);
  if (ms < DAY) return pair([Math.floor(ms / HOUR), "h"], [Math.floor((ms % HOUR) / MINUTE), "min"]);
  return pair([Math.floor(ms / DAY), "d"], [Math.floor((ms % DAY) / HOUR), "h"]);
}

type Part = readonly [number, string];

function pair([big, bigUnit]: Part, [small, smallUnit]: Part): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

/** How long ago, roughly: `now`, `12 s ago`, `4 min ago`, `3 d ago`. */
export function formatAgo(ms: number): string {
  if (ms < SECOND) return "now";
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s ago`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return `${Math.floor(ms / DAY)} d ago`;
}

const two = (part: number): string => String(part).padStart(2, "0");
const three = (part: number): string => String(part).padStart(3, "0");

/** `2026-11-20 21:04:05.123`, in UTC or by the browser's clock. */
export function formatDateTime(iso: string | number, clock: Preferences["clock"]): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "–";
  if (clock === "utc") return at.toISOString().replace("T", " ").replace("Z", "");
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${three(at.getMilliseconds())}`;
}

export function clockName(clock: Preferences["clock"]): string {
  return clock === "utc" ? "UTC" : "local time";
}
