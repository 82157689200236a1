"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import type { Operation } from "@/server/contract/operations.ts";
import { useApi } from "../data/api.ts";
import { Button } from "../ui/button.tsx";
import { AbortDialog } from "./abort-dialog.tsx";
import { ChangeRate } from "./change-rate.tsx";
import { isOpen, STATUS_WORDS } from "./operation-words.ts";

/** Throttle, pause or resume, abort; when it is over they stay and say so. */
export function Steering({ operation: it }: { operation: Operation }) {
  const api = useApi();
  const queries = useQueryClient();
  const [isAborting, setAborting] = useState(false);
  function changed(operation: Operation): void {
    queries.setQueryData(api.operations.get.queryKey({ id: it.id }), operation);
    void queries.invalidateQueries({ queryKey: api.operations.list.pathKey() });
  }
  const options = { onSuccess: changed, onError: (error: { message: string }) => toast.error(error.message) };
  const pause = useMutation(api.operations.pause.mutationOptions(options));
  const resume = useMutation(api.operations.resume.mutationOptions(options));
  const over = isOpen(it) ? undefined : `It is ${STATUS_WORDS[it.status].word.toLowerCase()}.`;
  return (
    <>
      <ChangeRate operation={it} {...(over !== undefined && { blockedBecause: over })} />
      {it.status === "paused" ? (
        <Button size="sm" isBusy={resume.isPending} onClick={() => resume.mutate({ id: it.id })}>
          Resume
        </Button>
      ) : (
        <Button size="sm" isBusy={pause.isPending} blockedBecause={over} onClick={() => pause.mutate({ id: it.id })}>
          Pause
        </Button>
      )}
      <Button size="sm" blockedBecause={over} onClick={() => setAborting(true)}>
        Abort
      </Button>
      <AbortDialog
        operation={it}
        isOpen={isAborting && over === undefined}
        onOpenChange={setAborting}
        onAborted={changed}
      />
    </>
  );
}
