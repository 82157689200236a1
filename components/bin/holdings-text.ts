import type { Holdings } from "@/server/contract/bin.ts";
import { formatBytes, plural } from "../display/format-count.ts";

/** What goes with a topic or a consumer, in words: only what there is. */
export function holdingsText(holds: Holdings): string[] {
  const counts: readonly (readonly [number, string])[] = [
    [holds.events, `${plural(holds.events, "event")} (${formatBytes(holds.bytes)})`],
    [holds.parked, plural(holds.parked, "parked event")],
    [holds.stateEntries, plural(holds.stateEntries, "state entry", "state entries")],
  ];
  return counts.flatMap(([count, words]) => (count > 0 ? [words] : []));
}
