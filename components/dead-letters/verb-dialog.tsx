"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import type { Operation } from "@/server/contract/operations.ts";
import type { ParkedSelection } from "@/server/contract/parked.ts";
import { useApi } from "../data/api.ts";
import { curl } from "../display/curl.ts";
import { formatCount, plural } from "../display/format-count.ts";
import { ReasonDialog } from "../display/reason-dialog.tsx";
import { rateOf } from "../operations/change-rate.tsx";
import { Checkbox } from "../ui/checkbox.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

export type Verb = "redrive" | "discard" | "restore";

/** The letters that a verb is about to be used on. */
export interface Target {
  readonly verb: Verb;
  readonly consumer: string;
  readonly filter: ParkedSelection;
  /** How many it is, as counted by the server a moment ago. */
  readonly count: number;
  /** Their name; default `letter`. */
  readonly noun?: "letter" | "event";
  /** The selection in words: `key acct-7`. */
  readonly what: string;
  /** Events that wait behind these and follow by themselves, where known. */
  readonly behind?: number;
}

const TITLES: Record<Verb, string> = { redrive: "Redrive", discard: "Discard", restore: "Restore" };
const EXPLAINED_ONE: Record<Verb, string> = {
  redrive: "It is queued for one more attempt. When it goes through, what waits behind it follows.",
  discard: "It is never delivered again, and its key goes on without it. It can be restored.",
  restore: "It takes its place in its key again: if it had failed it is a dead letter, until it is redriven.",
};
const EXPLAINED: Record<Verb, string> = {
  redrive:
    "Each letter is queued for one more attempt, in the order of its key. When it goes through, what waits behind it follows.",
  discard: "They are never delivered again, and their keys go on without them. They can be restored.",
  restore: "They take their place in their keys again: what had failed is a dead letter, until it is redriven.",
};

/** The fate of the events behind: they have not gone through by this alone. */
function followText(verb: Verb, behind: number): string {
  if (verb === "redrive")
    return behind === 1 ? "it follows once its head is settled" : "they follow as their heads are settled";
  return behind === 1 ? "it is delivered then" : "they are delivered then";
}

/** Redrive, discard or restore: what it will do, how carefully, and why. Null = closed. */
export function VerbDialog({ target, onClose }: { target: Target | null; onClose: () => void }) {
  const api = useApi();
  const router = useRouter();
  const queries = useQueryClient();
  // While the dialog fades out it still says what it said.
  const [shown, setShown] = useState(target);
  const [isCanary, setCanary] = useState(true);
  const [rateText, setRate] = useState("");
  const [stopText, setStop] = useState("");
  if (target !== null && target !== shown) {
    setShown(target);
    setCanary(true);
    setRate("");
    setStop("");
  }

  const started = {
    onSuccess: (operation: Operation) => {
      toast.success(`${TITLES[verb]} of ${plural(operation.total, noun)} queued`, {
        action: { label: "Show progress", onClick: () => router.push(`/operations/${operation.id}`) },
      });
      void queries.invalidateQueries({ queryKey: api.operations.list.pathKey() });
      void queries.invalidateQueries({ queryKey: api.parked.pathKey() });
      onClose();
    },
  };
  const redrive = useMutation(api.parked.redrive.mutationOptions(started));
  const discard = useMutation(api.parked.discard.mutationOptions(started));
  const restore = useMutation(api.parked.restore.mutationOptions(started));

  if (shown === null) return null;
  const { verb, consumer, filter, count, noun = "letter", what, behind = 0 } = shown;
  const running = { redrive, discard, restore }[verb];
  const rate = rateOf(rateText);
  const stopAfterFailures = stopText.trim() === "" ? null : Number(stopText);
  const isStopRight = stopAfterFailures === null || (Number.isInteger(stopAfterFailures) && stopAfterFailures >= 1);
  const isMany = verb === "redrive" && count > 1;
  const options = isMany
    ? {
        ...(isCanary && { canary: true }),
        ...(rate !== null && rate !== undefined && { rate }),
        ...(stopAfterFailures !== null && isStopRight && { stopAfterFailures }),
      }
    : {};

  function confirm(reason: string) {
    if (verb === "redrive") redrive.mutate({ consumer, filter, ...options, reason });
    else if (verb === "discard") discard.mutate({ consumer, filter, reason });
    else restore.mutate({ consumer, filter, reason });
  }

  return (
    <ReasonDialog
      title={`${TITLES[verb]} ${plural(count, noun)}: ${what}`}
      description={(count === 1 ? EXPLAINED_ONE : EXPLAINED)[verb]}
      isOpen={target !== null}
      onOpenChange={(isOpen) => {
        if (isOpen) return;
        running.reset();
        onClose();
      }}
      action={`${TITLES[verb]} ${plural(count, noun)} of ${consumer}`}
      isDangerous={verb === "discard"}
      isBusy={running.isPending}
      problem={running.error?.message}
      blockedBecause={isMany && (rate === undefined || !isStopRight) ? "Something above is not right." : null}
      api={(reason) =>
        curl({
          method: "POST",
          path: `/v1/consumers/${consumer}/${verb}s`,
          json: JSON.stringify({ filter, ...options, reason }),
        })
      }
      onConfirm={confirm}
    >
      {behind > 0 && verb !== "restore" ? (
        <p className="text-muted">
          {formatCount(behind)} {behind === 1 ? "event waits" : "events wait"} behind: {followText(verb, behind)}, in
          order.
        </p>
      ) : null}
      {isMany ? (
        <>
          <Checkbox isChecked={isCanary} onChange={setCanary}>
            Canary first: redrive one, and stop if it fails again
          </Checkbox>
          <div className="grid grid-cols-2 gap-3">
            <Field
              label="At most, per second"
              isOptional
              error={rate === undefined ? "must be a number above 0, at most 10,000" : undefined}
            >
              <Input inputMode="decimal" value={rateText} onChange={(event) => setRate(event.target.value)} />
            </Field>
            <Field
              label="Stop after failures"
              isOptional
              error={isStopRight ? undefined : "must be a whole number, 1 or more"}
            >
              <Input inputMode="numeric" value={stopText} onChange={(event) => setStop(event.target.value)} />
            </Field>
          </div>
        </>
      ) : null}
    </ReasonDialog>
  );
}
