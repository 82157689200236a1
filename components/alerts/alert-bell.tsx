"use client";

import { Bell } from "lucide-react";
import Link from "next/link";
import { plural } from "../display/format-count.ts";
import { cn } from "../ui/class-names.ts";
import { ALERTS_LISTED, useAlerts } from "./use-alerts.ts";

/** How many alerts nobody has seen yet, on every page. */
export function AlertBell() {
  const alerts = useAlerts("new").data?.alerts ?? [];
  const label = alerts.length === 0 ? "No new alerts" : plural(alerts.length, "new alert");
  return (
    <Link
      href="/alerts"
      title={label}
      className={cn(
        "inline-flex h-7 items-center gap-1 rounded-md px-1.5 text-muted text-xs hover:bg-hover hover:text-ink",
        alerts.length > 0 && "bg-bad-soft font-medium text-bad hover:text-bad",
      )}
    >
      <Bell aria-hidden="true" className="size-3.5" />
      <span className="sr-only">{label}</span>
      {alerts.length === 0 ? null : (
        <span aria-hidden="true">{alerts.length === ALERTS_LISTED ? `${ALERTS_LISTED}+` : alerts.length}</span>
      )}
    </Link>
  );
}
