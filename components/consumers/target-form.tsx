"use client";

import { useQuery } from "@tanstack/react-query";
import type { ConsumerDescription } from "@/server/contract/consumers.ts";
import type { PositionPlanRequest } from "@/server/contract/position-changes.ts";
import { useApi } from "../data/api.ts";
import { ApiEquivalent } from "../display/api-equivalent.tsx";
import { curl } from "../display/curl.ts";
import { formatCount } from "../display/format-count.ts";
import { clockName } from "../display/format-time.ts";
import { Callout } from "../display/notice.tsx";
import { fieldOf, isoOf, TimeInput } from "../display/time-input.tsx";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { Button } from "../ui/button.tsx";
import { DialogBody, DialogClose, DialogFooter } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { PARKED_ACTIONS, TARGETS, type TargetFields, type TargetKind, targetOf } from "./target-choice.ts";
import { TopicChoice } from "./topic-choice.tsx";
import { useMoveFields } from "./use-move-fields.ts";

export type Move = PositionPlanRequest;

interface TargetFormProps {
  readonly description: ConsumerDescription;
  readonly isBusy: boolean;
  readonly problem: string | undefined;
  readonly onPreview: (move: Move) => void;
}

const PARKED = { keep: "Keep", clear: "Clear", redrive: "Redrive" } as const;
const PARKED_EXPLAINED = {
  keep: "They stay as they are.",
  clear: "They are forgotten; an undo brings them back.",
  redrive: "Dead letters are delivered again.",
} as const;

export function TargetForm({ description, isBusy, problem, onPreview }: TargetFormProps) {
  const names = description.topics.map((it) => it.topic);
  const [fields, setFields] = useMoveFields();
  const { to, parked, state } = fields;
  const topics = fields.topics ?? names;
  const topic = fields.topic === "" ? (names[0] ?? "") : fields.topic;

  const target = targetOf(to, { ...fields, topic });
  const isAll = topics.length === names.length || to === "before";
  const move: Move | null =
    target === null || topics.length === 0
      ? null
      : {
          target,
          ...(isAll ? {} : { topics }),
          ...(parked === "keep" ? {} : { parked }),
          ...(state === "keep" ? {} : { state }),
        };
  const { dead, retrying, blocked } = description.parked;

  return (
    <form
      className="contents"
      onSubmit={(event) => {
        event.preventDefault();
        if (move !== null) onPreview(move);
      }}
    >
      <DialogBody>
        <Field label="Move to" hint={TARGETS.find((it) => it.value === to)?.description}>
          <Select
            value={to}
            choices={TARGETS.map(({ value, label }) => ({ value, label }))}
            onChange={(next) => void setFields({ to: next })}
          />
        </Field>
        <TargetField
          to={to}
          fields={{ ...fields, topic }}
          topics={names}
          own={description.consumer}
          onChange={(more) => void setFields(more)}
        />
        {names.length > 1 && to !== "before" ? (
          <TopicChoice
            topics={names}
            chosen={topics}
            onChange={(chosen) => void setFields({ topics: chosen.length === names.length ? null : chosen })}
            label="In these topics"
          />
        ) : null}
        <div className="grid grid-cols-2 gap-3">
          <div className="flex flex-col items-start gap-1.5">
            <span className="font-medium text-xs">Parked events ({formatCount(dead + retrying + blocked)})</span>
            <ToggleGroup
              aria-label="Parked events"
              value={parked}
              choices={PARKED_ACTIONS.map((value) => ({ value, label: PARKED[value] }))}
              onChange={(next) => void setFields({ parked: next })}
            />
            <p className="text-muted text-xs">{PARKED_EXPLAINED[parked]}</p>
          </div>
          <div className="flex flex-col items-start gap-1.5">
            <span className="font-medium text-xs">State entries</span>
            <ToggleGroup
              aria-label="State entries"
              value={state}
              choices={[
                { value: "keep", label: "Keep" },
                { value: "clear", label: "Clear" },
              ]}
              onChange={(next) => void setFields({ state: next })}
            />
            <p className="text-muted text-xs">
              {state === "keep" ? "They stay as they are." : "All are forgotten; an undo brings them back."}
            </p>
          </div>
        </div>
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

interface TargetFieldProps {
  readonly to: TargetKind;
  readonly fields: TargetFields;
  readonly topics: readonly string[];
  readonly own: string;
  readonly onChange: (more: Partial<TargetFields>) => void;
}

/** The fields that the chosen target needs. */
function TargetField({ to, fields, topics, own, onChange }: TargetFieldProps) {
  const { preferences } = usePreferences();
  const api = useApi();
  const consumers = useQuery(api.consumers.list.queryOptions(undefined, { enabled: to === "consumer" }));
  const text = (name: keyof TargetFields, placeholder: string) => (
    <Input
      autoFocus
      inputMode="numeric"
      placeholder={placeholder}
      value={fields[name]}
      onChange={(event) => onChange({ [name]: event.target.value })}
    />
  );
  switch (to) {
    case "earliest":
    case "latest":
      return null;
    case "offset":
      return (
        <Field label="Offset" hint="The same offset in every topic chosen below.">
          {text("offset", "12430")}
        </Field>
      );
    case "before":
      return (
        <div className="grid grid-cols-2 gap-3">
          <Field label="Topic">
            <Select
              value={fields.topic}
              choices={topics.map((it) => ({ value: it, label: it }))}
              onChange={(topic) => onChange({ topic })}
            />
          </Field>
          <Field label="Offset of the event">{text("offset", "12430")}</Field>
        </div>
      );
    case "time":
      return (
        <Field label={`Time (${clockName(preferences.clock)})`}>
          <TimeInput
            value={fieldOf(fields.time, preferences.clock)}
            onChange={(value) => onChange({ time: isoOf(value, preferences.clock) ?? "" })}
          />
        </Field>
      );
    case "duration":
      return <Field label="Back by, in minutes">{text("minutes", "90")}</Field>;
    case "shift":
      return (
        <Field label="Offsets" hint="Negative = back.">
          {text("by", "-100")}
        </Field>
      );
    case "consumer": {
      const others = (consumers.data?.consumers ?? [])
        .filter((it) => it.consumer !== own && it.topics.some((at) => topics.includes(at.topic)))
        .map((it) => ({ value: it.consumer, label: it.consumer }));
      return (
        <Field label="Consumer" hint={others.length === 0 ? "No other consumer has these topics." : undefined}>
          <Select
            value={fields.consumer}
            choices={[{ value: "", label: "Choose one" }, ...others]}
            onChange={(consumer) => onChange({ consumer })}
          />
        </Field>
      );
    }
  }
}
