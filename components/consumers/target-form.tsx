"use client";

import { useState } from "react";
import type { ConsumerDescription } from "@/server/contract/consumers.ts";
import type { PositionPlanRequest, PositionTarget } from "@/server/contract/position-changes.ts";
import { ApiEquivalent } from "../display/api-equivalent.tsx";
import { curl } from "../display/curl.ts";
import { clockName } from "../display/format-time.ts";
import { Callout } from "../display/notice.tsx";
import { isoOf, TimeInput } from "../display/time-input.tsx";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { Button } from "../ui/button.tsx";
import { DialogBody, DialogClose, DialogFooter } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { TopicChoice } from "./topic-choice.tsx";

export type Move = PositionPlanRequest;

interface TargetFormProps {
  readonly description: ConsumerDescription;
  readonly initial: Move | null;
  readonly isBusy: boolean;
  readonly problem: string | undefined;
  readonly onPreview: (move: Move) => void;
}

const EXPLAINED: Record<PositionTarget["to"], string> = {
  earliest: "Everything still retained is delivered again.",
  latest: "What is not settled yet is never delivered; only new events are.",
  offset: "The next event delivered is the one at this offset.",
  time: "The next event delivered is the first one recorded at or after this time.",
};

function targetOf(to: PositionTarget["to"], offset: string, time: string | null): PositionTarget | null {
  if (to === "offset") {
    const number = Number(offset.replaceAll(/[,\s]/g, ""));
    return Number.isSafeInteger(number) && number >= 1 ? { to, offset: number } : null;
  }
  if (to === "time") return time === null ? null : { to, time };
  return { to };
}

export function TargetForm({ description, initial, isBusy, problem, onPreview }: TargetFormProps) {
  const { preferences } = usePreferences();
  const names = description.topics.map((it) => it.topic);
  const [to, setTo] = useState<PositionTarget["to"]>(initial?.target.to ?? "earliest");
  const [offset, setOffset] = useState(initial?.target.to === "offset" ? String(initial.target.offset) : "");
  const [time, setTime] = useState("");
  const [topics, setTopics] = useState<string[]>(initial?.topics ?? names);

  const target = targetOf(to, offset, isoOf(time, preferences.clock));
  const move: Move | null =
    target === null || topics.length === 0 ? null : { target, ...(topics.length === names.length ? {} : { topics }) };

  return (
    <form
      className="contents"
      onSubmit={(event) => {
        event.preventDefault();
        if (move !== null) onPreview(move);
      }}
    >
      <DialogBody>
        <div className="flex flex-col items-start gap-1.5">
          <span className="font-medium text-xs">Move to</span>
          <ToggleGroup
            aria-label="Move to"
            value={to}
            choices={[
              { value: "earliest", label: "Earliest" },
              { value: "latest", label: "Latest" },
              { value: "offset", label: "Offset" },
              { value: "time", label: "Time" },
            ]}
            onChange={setTo}
          />
          <p className="text-muted text-xs">{EXPLAINED[to]}</p>
        </div>
        {to === "offset" ? (
          <Field label="Offset" hint="The same offset in every topic chosen below.">
            <Input
              autoFocus
              inputMode="numeric"
              value={offset}
              onChange={(event) => setOffset(event.target.value)}
              placeholder="12430"
            />
          </Field>
        ) : null}
        {to === "time" ? (
          <Field label={`Time (${clockName(preferences.clock)})`}>
            <TimeInput value={time} onChange={setTime} />
          </Field>
        ) : null}
        {names.length > 1 ? (
          <TopicChoice topics={names} chosen={topics} onChange={setTopics} label="In these topics" />
        ) : null}
        {problem === undefined ? null : <Callout tone="bad">{problem}</Callout>}
        <ApiEquivalent
          code={curl({
            method: "POST",
            path: `/v1/consumers/${description.consumer}/position-plans`,
            json: JSON.stringify(move ?? { target: { to } }),
          })}
        />
      </DialogBody>
      <DialogFooter note="Nothing moves yet.">
        <DialogClose render={<Button>Cancel</Button>} />
        <Button type="submit" look="primary" disabled={move === null || isBusy}>
          Preview
        </Button>
      </DialogFooter>
    </form>
  );
}
