import type { PlannedChange, PositionPlan } from "@/server/contract/position-changes.ts";
import { formatCount } from "../display/format-count.ts";

/** Differences between a fresh plan and the one before it, a line each; none when only what it saw has moved. */
export function planDifference(before: PositionPlan, now: PositionPlan): string[] {
  const lines = now.changes.flatMap((change) => {
    const old = before.changes.find((it) => it.topic === change.topic);
    return old === undefined ? [`${change.topic} was not in it`] : topicLines(old, change);
  });
  for (const old of before.changes) {
    if (!now.changes.some((it) => it.topic === old.topic)) lines.push(`${old.topic} is not in it any more`);
  }
  const parked = (it: PositionPlan): number =>
    it.parked.counts.dead + it.parked.counts.retrying + it.parked.counts.blocked;
  lines.push(
    ...moved("parked events", parked(before), parked(now)),
    ...moved("state entries", before.state.entries, now.state.entries),
  );
  const joined = now.members.filter((it) => !before.members.includes(it));
  const left = before.members.filter((it) => !now.members.includes(it));
  if (joined.length > 0) lines.push(`joined: ${joined.join(", ")}`);
  if (left.length > 0) lines.push(`gone: ${left.join(", ")}`);
  return lines;
}

function topicLines(before: PlannedChange, now: PlannedChange): string[] {
  return [
    ...moved(`${now.topic}: position now`, before.from, now.from),
    ...moved(`${now.topic}: position then`, before.to, now.to),
    ...moved(`${now.topic}: run again`, before.rerun, now.rerun),
    ...moved(`${now.topic}: skipped`, before.skip, now.skip),
  ];
}

function moved(name: string, before: number, now: number): string[] {
  return before === now ? [] : [`${name} ${formatCount(before)} → ${formatCount(now)}`];
}
