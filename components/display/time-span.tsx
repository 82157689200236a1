"use client";

import { parseAsStringLiteral, useQueryState } from "nuqs";
import { ToggleGroup } from "../ui/toggle-group.tsx";

const SPANS = ["1h", "24h", "7d"] as const;
const HOURS: Record<(typeof SPANS)[number], number> = { "1h": 1, "24h": 24, "7d": 168 };
const LABELS: Record<(typeof SPANS)[number], string> = { "1h": "1 hour", "24h": "24 hours", "7d": "7 days" };

/** How far charts look back; kept in the address. */
export function useTimeSpan(): { readonly hours: number; readonly choice: React.ReactNode } {
  const [span, setSpan] = useQueryState("span", parseAsStringLiteral(SPANS).withDefault("1h"));
  return {
    hours: HOURS[span],
    choice: (
      <ToggleGroup
        aria-label="Time span"
        value={span}
        choices={SPANS.map((value) => ({ value, label: LABELS[value] }))}
        onChange={(next) => void setSpan(next === "1h" ? null : next)}
      />
    ),
  };
}
