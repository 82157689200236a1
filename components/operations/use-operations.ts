"use client";

import { useQuery } from "@tanstack/react-query";
import { useApi } from "../data/api.ts";
import { isOpen } from "./operation-words.ts";

const BUSY_MS = 1_000;
const IDLE_MS = 5_000;

/** Operations, newest first; looked at every second while one is under way. */
export function useOperations(consumer?: string) {
  const api = useApi();
  return useQuery(
    api.operations.list.queryOptions(consumer === undefined ? { limit: 200 } : { consumer, limit: 200 }, {
      refetchInterval: (query) => (query.state.data?.operations.some(isOpen) === true ? BUSY_MS : IDLE_MS),
    }),
  );
}
