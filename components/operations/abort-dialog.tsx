"use client";

import { useMutation } from "@tanstack/react-query";
import type { Operation } from "@/server/contract/operations.ts";
import { useApi } from "../data/api.ts";
import { ApiEquivalent } from "../display/api-equivalent.tsx";
import { curl } from "../display/curl.ts";
import { plural } from "../display/format-count.ts";
import { Callout } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "../ui/dialog.tsx";
import { KIND_WORDS } from "./operation-words.ts";

/** The fate of events that the operation has taken up already. */
const AFTERWARDS: Record<Operation["kind"], string> = {
  redrive: "What is queued already goes on to its outcome; the rest stays dead.",
  discard: "What is discarded stays discarded, and can be restored.",
  restore: "What is restored stays restored.",
  replay: "What is queued and was not settled yet is taken back.",
};

interface AbortDialogProps {
  readonly operation: Operation;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  readonly onAborted: (operation: Operation) => void;
}

/** The last stop: an aborted operation cannot be taken up again. */
export function AbortDialog({ operation: it, isOpen, onOpenChange, onAborted }: AbortDialogProps) {
  const api = useApi();
  const abort = useMutation(
    api.operations.abort.mutationOptions({
      onSuccess: (aborted) => {
        onAborted(aborted);
        onOpenChange(false);
      },
    }),
  );
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent title={`Abort the ${KIND_WORDS[it.kind].toLowerCase()} for ${it.consumer}?`}>
        <DialogBody>
          <p>
            Nothing more is taken up, and it cannot be resumed. {AFTERWARDS[it.kind]} To stop for a while, pause it.
          </p>
          {abort.error === null ? null : <Callout tone="bad">{abort.error.message}</Callout>}
          <ApiEquivalent code={curl({ method: "POST", path: `/v1/operations/${it.id}/abort` })} />
        </DialogBody>
        <DialogFooter>
          <DialogClose render={<Button>Let it run</Button>} />
          <Button look="danger" isBusy={abort.isPending} onClick={() => abort.mutate({ id: it.id })}>
            Abort with {plural(Math.max(0, it.total - it.done), "event")} left
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
