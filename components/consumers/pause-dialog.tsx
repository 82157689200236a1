"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import type { ConsumerDescription } from "@/server/contract/consumers.ts";
import { type ApiOutputs, useApi } from "../data/api.ts";
import { curl } from "../display/curl.ts";
import { plural } from "../display/format-count.ts";
import { clockName, formatDateTime } from "../display/format-time.ts";
import { Callout } from "../display/notice.tsx";
import { ReasonDialog } from "../display/reason-dialog.tsx";
import { isoOf, TimeInput } from "../display/time-input.tsx";
import { useNow } from "../display/use-now.ts";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { Field } from "../ui/field.tsx";

interface PauseDialogProps {
  readonly description: ConsumerDescription;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/**
 * Pauses a consumer that runs, or resumes one that does not. Which of the two stays what it was when the dialog opened:
 * the breaker may stop it, or a pause may end, while somebody writes the reason.
 */
export function PauseDialog({ description, isOpen, onOpenChange }: PauseDialogProps) {
  const { consumer, members } = description;
  const api = useApi();
  const queries = useQueryClient();
  const { preferences } = usePreferences();
  const [time, setTime] = useState("");
  const until = isoOf(time, preferences.clock);
  const isPaused = description.pause !== null;
  const lag = description.topics.reduce((sum, it) => sum + it.lag, 0);
  const [opened, setOpened] = useState({ isOpen, isResuming: isPaused });
  if (isOpen !== opened.isOpen) {
    setOpened({ isOpen, isResuming: isOpen ? isPaused : opened.isResuming });
    if (isOpen) setTime("");
  }
  const { isResuming } = opened;
  const isOver = useNow() > Date.parse(until ?? "");
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
  const asked = isResuming ? resume : pause;
  const body = until === null || isResuming ? {} : { until };
  const stops = `Stop delivering to ${plural(members.length, "member")}`;

  return (
    <ReasonDialog
      title={
        <>
          {isResuming ? "Resume" : "Pause"} <span className="font-mono text-sm">{consumer}</span>
        </>
      }
      description={
        isResuming
          ? description.pause?.kind === "halted"
            ? "The event that has halted it is tried again, with all its attempts."
            : `Deliveries go on from where they stopped: ${plural(lag, "event waits", "events wait")}.`
          : "Nothing new is delivered, and members are told. What is in flight may still be settled."
      }
      isOpen={isOpen}
      onOpenChange={(next) => {
        if (!next) asked.reset();
        onOpenChange(next);
      }}
      action={
        isResuming
          ? `Resume ${consumer}`
          : until === null
            ? stops
            : `${stops} until ${formatDateTime(until, preferences.clock).slice(0, 16)}`
      }
      isBusy={asked.isPending}
      problem={asked.error?.message}
      blockedBecause={!isResuming && isOver ? "That time is over." : null}
      api={(reason) =>
        curl({
          method: "POST",
          path: `/v1/consumers/${consumer}/${isResuming ? "resume" : "pause"}`,
          json: JSON.stringify({ ...body, reason }),
        })
      }
      onConfirm={(reason) =>
        isResuming ? resume.mutate({ consumer, reason }) : pause.mutate({ consumer, ...body, reason })
      }
    >
      {!isOpen || isResuming === isPaused ? null : (
        <Callout tone="warn">
          {description.pause === null
            ? "It has been resumed meanwhile."
            : `It has been paused meanwhile: ${description.pause.reason}`}
        </Callout>
      )}
      {isResuming ? null : (
        <Field label={`Until (${clockName(preferences.clock)})`} hint="Nothing = until somebody resumes." isOptional>
          <TimeInput value={time} onChange={setTime} />
        </Field>
      )}
    </ReasonDialog>
  );
}
