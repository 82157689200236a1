"use client";

import { useQuery } from "@tanstack/react-query";
import type { AlertState } from "@/server/contract/alerts.ts";
import { useApi } from "../data/api.ts";

/** Alerts change at samples, which are ten seconds apart. */
const REFRESH_MS = 10_000;
export const ALERTS_LISTED = 100;

/** The newest of a state; without one, of all. */
export function useAlerts(state?: AlertState | "open") {
  const api = useApi();
  return useQuery(
    api.alerts.list.queryOptions(
      { limit: ALERTS_LISTED, ...(state !== undefined && { state }) },
      { refetchInterval: REFRESH_MS },
    ),
  );
}
