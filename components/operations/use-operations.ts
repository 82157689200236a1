"use client";

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../data/api.ts";

/** The input of the one list of operations: the live stream writes to the same place. */
export const OPERATIONS_LISTED = { limit: 200 };

/** The stream tells what changes; this only mends what a broken connection has missed. */
const MEND_MS = 15_000;

/** Operations, newest first. */
export function useOperations() {
  const api = useApi();
  return useQuery(api.operations.list.queryOptions(OPERATIONS_LISTED, { refetchInterval: MEND_MS }));
}
