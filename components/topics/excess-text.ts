import type { RetentionExcess } from "@/server/contract/topics.ts";
import { formatBytes, plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";

/** `23 min and 1,200 events past its bounds`. */
export function excessText({ ms, events, bytes }: RetentionExcess): string {
  const parts = [
    ...(ms === null ? [] : [formatDuration(ms)]),
    ...(events === null ? [] : [plural(events, "event")]),
    ...(bytes === null ? [] : [formatBytes(bytes)]),
  ];
  const last = parts.pop() ?? "";
  const amount = parts.length === 0 ? last : `${parts.join(", ")} and ${last}`;
  return `${amount} past its ${parts.length === 0 ? "bound" : "bounds"}`;
}
