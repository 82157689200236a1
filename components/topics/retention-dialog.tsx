"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import type { TopicDescription } from "@/server/contract/topics.ts";
import { useApi } from "../data/api.ts";
import { ApiEquivalent } from "../display/api-equivalent.tsx";
import { curl } from "../display/curl.ts";
import { formatBytes, formatCount } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { Callout } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { Checkbox } from "../ui/checkbox.tsx";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

const HOUR_MS = 3_600_000;

/** How long events are kept, in words. */
export function retentionText(retention: TopicDescription["retention"]): string {
  if (retention === null) return "for ever";
  const { maxAgeMs, maxEvents, maxBytes, force } = retention;
  const bounds = [
    ...(maxAgeMs === null ? [] : [formatDuration(maxAgeMs)]),
    ...(maxEvents === null ? [] : [`${formatCount(maxEvents)} events`]),
    ...(maxBytes === null ? [] : [formatBytes(maxBytes)]),
  ];
  if (bounds.length === 0) return "for ever";
  return `${bounds.join(", ")}${force ? ", past slow consumers too" : ""}`;
}

/** Undefined = nothing typed; NaN = no number. */
function numberOf(text: string): number | undefined {
  return text.trim() === "" ? undefined : Number(text.replaceAll(/[,\s]/g, ""));
}

interface RetentionDialogProps {
  readonly description: TopicDescription;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

export function RetentionDialog({ description, isOpen, onOpenChange }: RetentionDialogProps) {
  const { topic, retention } = description;
  const api = useApi();
  const queries = useQueryClient();
  const [hours, setHours] = useState(
    retention?.maxAgeMs == null ? "" : String(Math.round((retention.maxAgeMs / HOUR_MS) * 1_000) / 1_000),
  );
  const [events, setEvents] = useState(retention?.maxEvents == null ? "" : String(retention.maxEvents));
  const [bytes, setBytes] = useState(retention?.maxBytes == null ? "" : String(retention.maxBytes));
  const [force, setForce] = useState(retention?.force === true);
  const age = numberOf(hours);
  const maxEvents = numberOf(events);
  const maxBytes = numberOf(bytes);
  const maxAgeMs = age === undefined ? undefined : Math.round(age * HOUR_MS);
  const isRight = [maxAgeMs, maxEvents, maxBytes].every(
    (it) => it === undefined || (Number.isSafeInteger(it) && it >= 1),
  );
  const next =
    maxAgeMs === undefined && maxEvents === undefined && maxBytes === undefined
      ? null
      : // A bound that is not named would stay as it is.
        { maxAgeMs: maxAgeMs ?? null, maxEvents: maxEvents ?? null, maxBytes: maxBytes ?? null, force };
  const declare = useMutation(
    api.topics.declare.mutationOptions({
      onSuccess: () => {
        toast.success(`Retention of ${topic} changed`);
        void queries.invalidateQueries({ queryKey: api.topics.get.queryKey({ topic }) });
        onOpenChange(false);
      },
    }),
  );
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent
        title={
          <>
            Retention of <span className="font-mono text-sm">{topic}</span>
          </>
        }
        description="Each bound by itself. Nothing typed = events are kept for ever. Parked events stay readable."
      >
        <form
          className="contents"
          onSubmit={(event) => {
            event.preventDefault();
            if (isRight) declare.mutate({ topic, retention: next });
          }}
        >
          <DialogBody>
            <Field label="Keep for at most, in hours" isOptional>
              <Input inputMode="decimal" value={hours} onChange={(event) => setHours(event.target.value)} />
            </Field>
            <Field label="Keep at most so many events" isOptional>
              <Input inputMode="numeric" value={events} onChange={(event) => setEvents(event.target.value)} />
            </Field>
            <Field label="Keep at most so many bytes" isOptional>
              <Input inputMode="numeric" value={bytes} onChange={(event) => setBytes(event.target.value)} />
            </Field>
            <Checkbox isChecked={force} onChange={setForce}>
              Also past the slowest consumer
            </Checkbox>
            {force ? (
              <Callout tone="warn">A consumer that is too slow will never be given what retention takes first.</Callout>
            ) : null}
            {declare.error === null ? null : <Callout tone="bad">{declare.error.message}</Callout>}
            <ApiEquivalent
              code={curl({ method: "PUT", path: `/v1/topics/${topic}`, json: JSON.stringify({ retention: next }) })}
            />
          </DialogBody>
          <DialogFooter note={isRight ? "Deleted events do not come back." : "Every bound is a whole number above 0."}>
            <DialogClose render={<Button>Cancel</Button>} />
            <Button type="submit" look={force ? "danger" : "primary"} disabled={!isRight} isBusy={declare.isPending}>
              {next === null ? "Keep events for ever" : "Keep events within these bounds"}
            </Button>
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}
