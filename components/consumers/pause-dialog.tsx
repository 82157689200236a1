"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import type { ConsumerDescription } from "@/server/contract/consumers.ts";
import { type ApiOutputs, useApi } from "../data/api.ts";
import { curl } from "../display/curl.ts";
import { plural } from "../display/format-count.ts";
import { clockName } from "../display/format-time.ts";
import { ReasonDialog } from "../display/reason-dialog.tsx";
import { isoOf, TimeInput } from "../display/time-input.tsx";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { Field } from "../ui/field.tsx";

interface PauseDialogProps {
  readonly description: ConsumerDescription;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/** Pauses a consumer that runs, or resumes one that does not. */
export function PauseDialog({ description, isOpen, onOpenChange }: PauseDialogProps) {
  const { consumer, members } = description;
  const api = useApi();
  const queries = useQueryClient();
  const { preferences } = usePreferences();
  const [time, setTime] = useState("");
  const until = isoOf(time, preferences.clock);
  const isPaused = description.pause !== null;
  const done = (said: string) => ({
    onSuccess: (changed: ApiOutputs["consumers"]["pause"]) => {
      toast.success(said);
      queries.setQueryData(api.consumers.get.queryKey({ consumer }), changed);
      void queries.invalidateQueries({ queryKey: api.consumers.list.queryKey() });
      onOpenChange(false);
    },
  });
  const pause = useMutation(api.consumers.pause.mutationOptions(done(`${consumer} paused`)));
  const resume = useMutation(api.consumers.resume.mutationOptions(done(`${consumer} resumed`)));
  const body = until === null || isPaused ? {} : { until };

  return (
    <ReasonDialog
      title={
        <>
          {isPaused ? "Resume" : "Pause"} <span className="font-mono text-sm">{consumer}</span>
        </>
      }
      description={
        isPaused
          ? description.pause?.kind === "halted"
            ? "The event that has halted it is tried again, with all its attempts."
            : "Deliveries go on from where they stopped."
          : "Nothing new is delivered, and members are told. What is in flight may still be settled."
      }
      isOpen={isOpen}
      onOpenChange={onOpenChange}
      action={isPaused ? `Resume ${consumer}` : `Stop delivering to ${plural(members.length, "member")}`}
      isBusy={pause.isPending || resume.isPending}
      problem={pause.error?.message ?? resume.error?.message}
      api={(reason) =>
        curl({
          method: "POST",
          path: `/v1/consumers/${consumer}/${isPaused ? "resume" : "pause"}`,
          json: JSON.stringify({ ...body, reason }),
        })
      }
      onConfirm={(reason) =>
        isPaused ? resume.mutate({ consumer, reason }) : pause.mutate({ consumer, ...body, reason })
      }
    >
      {isPaused ? null : (
        <Field label={`Until (${clockName(preferences.clock)})`} hint="Nothing = until somebody resumes." isOptional>
          <TimeInput value={time} onChange={setTime} />
        </Field>
      )}
    </ReasonDialog>
  );
}
