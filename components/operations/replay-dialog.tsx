"use client";

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import { useApi } from "../data/api.ts";
import { curl } from "../display/curl.ts";
import { formatCount, plural } from "../display/format-count.ts";
import { clockName } from "../display/format-time.ts";
import { ReasonDialog } from "../display/reason-dialog.tsx";
import { isoOf, TimeInput } from "../display/time-input.tsx";
import { usePreferences } from "../preferences/preferences-provider.tsx";
import { FIRST_FIELD } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { rateOf } from "./change-rate.tsx";

interface ReplayDialogProps {
  readonly consumer: string;
  /** Chooses another consumer, where the page is not about one. */
  readonly choice?: ReactNode;
  readonly topics: readonly { readonly topic: string; readonly position: number }[];
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/** An offset as typed: null when there is none, undefined when it is not one. */
function offsetOf(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const offset = Number(text.replaceAll(/[,\s]/g, ""));
  return Number.isSafeInteger(offset) && offset >= 1 ? offset : undefined;
}
const listOf = (text: string): string[] =>
  text
    .split(",")
    .map((it) => it.trim())
    .filter((it) => it !== "");

const WRONG_OFFSET = "must be a whole number, 1 or more";

/** Chooses the settled events that are delivered again. The position stays where it is. */
export function ReplayDialog({ consumer, choice, topics, isOpen, onOpenChange }: ReplayDialogProps) {
  const api = useApi();
  const router = useRouter();
  const queries = useQueryClient();
  const { preferences } = usePreferences();
  const [asked, setTopic] = useState("");
  const [by, setBy] = useState<"offsets" | "times">("offsets");
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const [types, setTypes] = useState("");
  const [keys, setKeys] = useState("");
  const [rateText, setRate] = useState("");

  const { topic, position } = topics.find((it) => it.topic === asked) ?? topics[0] ?? { topic: "", position: 0 };
  const rate = rateOf(rateText);
  const fromOffset = by === "offsets" ? offsetOf(from) : null;
  const toOffset = by === "offsets" ? offsetOf(to) : null;
  const fromTime = by === "times" ? isoOf(from, preferences.clock) : null;
  const toTime = by === "times" ? isoOf(to, preferences.clock) : null;
  const range =
    by === "offsets"
      ? { ...(fromOffset != null && { fromOffset }), ...(toOffset != null && { toOffset }) }
      : { ...(fromTime !== null && { fromTime }), ...(toTime !== null && { toTime }) };
  const what = {
    topic,
    ...range,
    ...(listOf(types).length > 0 && { types: listOf(types) }),
    ...(listOf(keys).length > 0 && { keys: listOf(keys) }),
  };
  const request = { ...what, ...(rate !== undefined && rate !== null && { rate }) };
  const isRight = topic !== "" && fromOffset !== undefined && toOffset !== undefined;
  const preview = useQuery(
    api.parked.replayPreview.queryOptions(
      { consumer, ...what },
      { enabled: isOpen && isRight, placeholderData: keepPreviousData },
    ),
  );
  const total = preview.isPlaceholderData || preview.isError ? undefined : preview.data?.total;
  const blocked =
    topic === ""
      ? "It has no topic."
      : !isRight || rate === undefined
        ? "Something above is not right."
        : preview.isError
          ? preview.error.message
          : total === undefined
            ? "Counting."
            : total === 0
              ? "Nothing in this range passes."
              : null;

  const replay = useMutation(
    api.parked.replay.mutationOptions({
      onSuccess: (operation) => {
        toast.success(`Replay of ${plural(operation.total, "event")} queued for ${consumer}`);
        void queries.invalidateQueries({ queryKey: api.operations.list.pathKey() });
        onOpenChange(false);
        router.push(`/operations/${operation.id}`);
      },
    }),
  );

  return (
    <ReasonDialog
      title={
        <>
          Replay for <span className="font-mono text-sm">{consumer}</span>
        </>
      }
      description="Settled events are delivered again, marked as a replay, in the order of their keys. The position stays."
      isOpen={isOpen}
      onOpenChange={(next) => {
        if (!next) replay.reset();
        onOpenChange(next);
      }}
      action={total === undefined ? "Replay" : `Run ${plural(total, "event")} again for ${consumer}`}
      isReasonLast
      isBusy={replay.isPending}
      problem={replay.error?.message}
      blockedBecause={blocked}
      api={(reason) =>
        curl({
          method: "POST",
          path: `/v1/consumers/${consumer}/replays`,
          json: JSON.stringify({ ...request, reason }),
        })
      }
      onConfirm={(reason) => replay.mutate({ consumer, ...request, reason })}
    >
      {choice}
      {topics.length > 1 ? (
        <Field label="Topic">
          <Select
            value={topic}
            choices={topics.map((it) => ({ value: it.topic, label: it.topic }))}
            onChange={setTopic}
          />
        </Field>
      ) : null}
      <div className="flex">
        <ToggleGroup
          aria-label="Range by"
          value={by}
          choices={[
            { value: "offsets", label: "By offset" },
            { value: "times", label: "By time" },
          ]}
          onChange={(next) => {
            setBy(next);
            setFrom("");
            setTo("");
          }}
        />
      </div>
      {by === "offsets" ? (
        <div className="grid grid-cols-2 gap-3">
          <Field label="From offset" isOptional error={fromOffset === undefined ? WRONG_OFFSET : undefined}>
            <Input
              {...FIRST_FIELD}
              inputMode="numeric"
              placeholder="1"
              value={from}
              onChange={(event) => setFrom(event.target.value)}
            />
          </Field>
          <Field
            label="To offset"
            isOptional
            hint={`Settled up to ${formatCount(position)}.`}
            error={toOffset === undefined ? WRONG_OFFSET : undefined}
          >
            <Input
              inputMode="numeric"
              placeholder={String(position)}
              value={to}
              onChange={(event) => setTo(event.target.value)}
            />
          </Field>
        </div>
      ) : (
        <div className="grid grid-cols-2 gap-3">
          <Field label={`From (${clockName(preferences.clock)})`} isOptional>
            <TimeInput value={from} onChange={setFrom} />
          </Field>
          <Field label={`To (${clockName(preferences.clock)})`} isOptional>
            <TimeInput value={to} onChange={setTo} />
          </Field>
        </div>
      )}
      <div className="grid grid-cols-2 gap-3">
        <Field label="Types" hint="Separated by commas." isOptional>
          <Input value={types} onChange={(event) => setTypes(event.target.value)} />
        </Field>
        <Field label="Keys" hint="Separated by commas." isOptional>
          <Input isMono value={keys} onChange={(event) => setKeys(event.target.value)} />
        </Field>
      </div>
      <Field
        label="At most, per second"
        isOptional
        error={rate === undefined ? "must be a number above 0, at most 10,000" : undefined}
      >
        <Input inputMode="decimal" value={rateText} onChange={(event) => setRate(event.target.value)} />
      </Field>
    </ReasonDialog>
  );
}
