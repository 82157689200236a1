import type { PositionTarget } from "@/server/contract/position-changes.ts";
import { formatCount } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";

/** A target as it is said: `offset 12,430`. */
export function targetText(target: PositionTarget): string {
  switch (target.to) {
    case "earliest":
      return "earliest";
    case "latest":
      return "latest";
    case "offset":
      return `offset ${formatCount(target.offset)}`;
    case "time":
      return target.time;
    case "duration":
      return `back by ${formatDuration(target.ms)}`;
    case "shift":
      return target.by < 0 ? `back by ${formatCount(-target.by)} offsets` : `on by ${formatCount(target.by)} offsets`;
    case "consumer":
      return `where ${target.consumer} stands`;
    case "before":
      return `before ${target.topic}/${formatCount(target.offset)}`;
  }
}
