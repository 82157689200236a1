"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useApi } from "../data/api.ts";
import { curl } from "../display/curl.ts";

/** Undoes a position change of a consumer: positions, parked events and state go back to what they were. */
export function useUndo(consumer: string, onDone: () => void) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation(
    api.positions.undo.mutationOptions({
      onSuccess: async () => {
        toast.success(`Position change of ${consumer} undone`);
        onDone();
        await queries.invalidateQueries({ queryKey: api.positions.list.queryKey({ consumer }) });
        await queries.invalidateQueries({ queryKey: api.consumers.get.queryKey({ consumer }) });
      },
    }),
  );
}

export function undoCurl(consumer: string, id: string, reason: string): string {
  return curl({
    method: "POST",
    path: `/v1/consumers/${consumer}/position-changes/${id}/undo`,
    json: JSON.stringify({ reason }),
  });
}
