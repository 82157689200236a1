/** `1204` as `1,204`. */
export function countText(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1 event`, `1,204 events`. */
export function eventsText(count: number): string {
  return `${countText(count)} ${count === 1 ? "event" : "events"}`;
}

const UNITS = [
  { name: "d", ms: 86_400_000 },
  { name: "h", ms: 3_600_000 },
  { name: "min", ms: 60_000 },
  { name: "s", ms: 1_000 },
] as const;

/** A duration in the greatest unit of which it has two: `less than 1 s`, `40 s`, `12 min`, `90 min`, `36 h`, `3 d`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return "less than 1 s";
  const unit = UNITS.find((it) => ms >= 2 * it.ms) ?? { name: "s", ms: 1_000 };
  return `${countText(Math.round(ms / unit.ms))} ${unit.name}`;
}
