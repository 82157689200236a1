import type { PositionTarget } from "@/server/contract/position-changes.ts";
import { formatCount } from "../display/format-count.ts";

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
  }
}
