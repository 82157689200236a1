"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { toast } from "sonner";
import type { Operation } from "@/server/contract/operations.ts";
import type { ParkedSelection } from "@/server/contract/parked.ts";
import { useApi } from "../data/api.ts";
import { curl } from "../display/curl.ts";
import { plural } from "../display/format-count.ts";
import { ReasonDialog } from "../display/reason-dialog.tsx";
import { rateOf } from "../operations/change-rate.tsx";
import { Checkbox } from "../ui/checkbox.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

export type Verb = "redrive" | "discard" | "restore";

/** What a verb is about to be used on. */
export interface Target {
  readonly verb: Verb;
  readonly consumer: string;
  readonly filter: ParkedSelection;
  /** How many it is, as far as the page knows. */
  readonly count: number;
  /** What it is, in words: `key acct-7`. */
  readonly what: string;
}

const TITLES: Record<Verb, string> = { redrive: "Redrive", discard: "Discard", restore: "Restore" };
const EXPLAINED: Record<Verb, string> = {
  redrive:
    "Each letter is queued for one more attempt, in the order of its key. When it goes through, what waits behind it follows.",
  discard: "They are taken out for good, and their keys go on without them. They can be restored.",
  restore: "They take their place in their keys again: what had failed is a dead letter, until it is redriven.",
};

/** Redrive, discard or restore: what it will do, how carefully, and why. Null = closed. */
export function VerbDialog({ target, onClose }: { target: Target | null; onClose: () => void }) {
  const api = useApi();
  const router = useRouter();
  const queries = useQueryClient();
  const [isCanary, setCanary] = useState(true);
  const [rateText, setRate] = useState("");
  const [stopText, setStop] = useState("");

  const started = {
    onSuccess: (operation: Operation) => {
      const verb = target === null ? "" : TITLES[target.verb];
      toast.success(`${verb} of ${plural(operation.total, "event")} queued`, {
        action: { label: "Show", onClick: () => router.push(`/operations/${operation.id}`) },
      });
      void queries.invalidateQueries({ queryKey: api.operations.list.pathKey() });
      void queries.invalidateQueries({ queryKey: api.parked.pathKey() });
      onClose();
    },
  };
  const redrive = useMutation(api.parked.redrive.mutationOptions(started));
  const discard = useMutation(api.parked.discard.mutationOptions(started));
  const restore = useMutation(api.parked.restore.mutationOptions(started));
  const running = { redrive, discard, restore }[target?.verb ?? "redrive"];

  const rate = rateOf(rateText);
  const stopAfterFailures = stopText.trim() === "" ? null : Number(stopText);
  const isStopRight = stopAfterFailures === null || (Number.isInteger(stopAfterFailures) && stopAfterFailures >= 1);
  const isMany = target?.verb === "redrive" && target.count > 1;
  const options = isMany
    ? {
        ...(isCanary && { canary: true }),
        ...(rate !== null && rate !== undefined && { rate }),
        ...(stopAfterFailures !== null && isStopRight && { stopAfterFailures }),
      }
    : {};
  const blocked =
    isMany && rate === undefined
      ? "The rate must be a number above 0."
      : isMany && !isStopRight
        ? "Give a whole number of failures."
        : null;

  function confirm(reason: string) {
    if (target === null) return;
    const { consumer, filter } = target;
    if (target.verb === "redrive") redrive.mutate({ consumer, filter, ...options, reason });
    else if (target.verb === "discard") discard.mutate({ consumer, filter, reason });
    else restore.mutate({ consumer, filter, reason });
  }

  return (
    <ReasonDialog
      title={
        <>
          {TITLES[target?.verb ?? "redrive"]} {target?.what}
        </>
      }
      description={EXPLAINED[target?.verb ?? "redrive"]}
      isOpen={target !== null}
      onOpenChange={(isOpen) => {
        if (isOpen) return;
        running.reset();
        onClose();
      }}
      action={target === null ? "" : `${TITLES[target.verb]} ${plural(target.count, "event")} of ${target.consumer}`}
      isDangerous={target?.verb === "discard"}
      isBusy={running.isPending}
      problem={running.error?.message}
      blockedBecause={blocked}
      api={(reason) =>
        curl({
          method: "POST",
          path: `/v1/consumers/${target?.consumer}/${target?.verb}s`,
          json: JSON.stringify({ filter: target?.filter, ...options, reason }),
        })
      }
      onConfirm={confirm}
    >
      {isMany ? (
        <>
          <Checkbox isChecked={isCanary} onChange={setCanary}>
            Canary first: redrive one, and stop if it fails again
          </Checkbox>
          <div className="grid grid-cols-2 gap-3">
            <Field label="At most, per second" isOptional>
              <Input inputMode="decimal" value={rateText} onChange={(event) => setRate(event.target.value)} />
            </Field>
            <Field label="Stop after failures" isOptional>
              <Input inputMode="numeric" value={stopText} onChange={(event) => setStop(event.target.value)} />
            </Field>
          </div>
        </>
      ) : null}
    </ReasonDialog>
  );
}
