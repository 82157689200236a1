"use client";

import { ArrowRight } from "lucide-react";
import { useState } from "react";
import type { PositionPlan } from "@/server/contract/position-changes.ts";
import { ApiEquivalent } from "../display/api-equivalent.tsx";
import { curl } from "../display/curl.ts";
import { formatCount, plural } from "../display/format-count.ts";
import { formatDuration } from "../display/format-time.ts";
import { DateTime } from "../display/moment.tsx";
import { Callout } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { DialogBody, DialogFooter } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input, Textarea } from "../ui/input.tsx";
import { ScrollRegion } from "../ui/scroll-region.tsx";

interface ConfirmMoveProps {
  readonly consumer: string;
  readonly plan: PositionPlan;
  /** Something moved while the person was reading, and this is the fresh plan: what it says otherwise. */
  readonly changed: readonly string[] | null;
  readonly isBusy: boolean;
  readonly problem: string | undefined;
  readonly onBack: () => void;
  readonly onApply: (reason: string) => void;
}

/** The consequences of pressing the button, in numbers. */
function actionText(rerun: number, skip: number, consumer: string): string {
  if (rerun > 0 && skip > 0) return `Run ${plural(rerun, "event")} again and skip ${formatCount(skip)} for ${consumer}`;
  if (rerun > 0) return `Run ${plural(rerun, "event")} again for ${consumer}`;
  if (skip > 0) return `Skip ${plural(skip, "event")} for ${consumer}`;
  return "Nothing to move";
}

const PARKED_ACTIONS = { keep: "kept", clear: "cleared", redrive: "redriven" } as const;

/** The same when no event runs again or is skipped. */
function extrasText(of: { cleared: number; forgotten: number; redriven: number; consumer: string }): string {
  const parts = [
    ...(of.cleared > 0 ? [`Clear ${plural(of.cleared, "parked event")}`] : []),
    ...(of.redriven > 0 ? [`Redrive ${plural(of.redriven, "dead letter")}`] : []),
    ...(of.forgotten > 0 ? [`Clear ${plural(of.forgotten, "state entry", "state entries")}`] : []),
  ];
  return `${parts.join(" and ")} of ${of.consumer}`;
}

export function ConfirmMove({ consumer, plan, changed, isBusy, problem, onBack, onApply }: ConfirmMoveProps) {
  const [reason, setReason] = useState("");
  const [name, setName] = useState("");
  const rerun = plan.changes.reduce((sum, it) => sum + it.rerun, 0);
  const skip = plan.changes.reduce((sum, it) => sum + it.skip, 0);
  const { parked, state } = plan;
  const { dead, retrying, blocked } = parked.counts;
  const cleared = parked.action === "clear" ? dead + retrying + blocked : 0;
  const forgotten = state.action === "clear" ? state.entries : 0;
  const redriven = parked.action === "redrive" ? dead : 0;
  const isNothing = plan.changes.every((it) => it.from === it.to) && cleared + forgotten + redriven === 0;
  // A move that loses events for the consumer asks for its name; one that only runs them again, for a reason.
  const isRisky = skip > 0 || cleared > 0 || forgotten > 0;
  const missing = isNothing
    ? "The position stands there already."
    : reason.trim() === ""
      ? "Say why."
      : isRisky && name !== consumer
        ? "Type the consumer's name."
        : null;

  return (
    <form
      className="contents"
      onSubmit={(event) => {
        event.preventDefault();
        if (missing === null) onApply(reason.trim());
      }}
    >
      <DialogBody>
        {changed === null ? null : (
          <Callout tone="warn">
            Something has moved since the preview, so nothing was changed. These are the numbers now
            {changed.length === 0 ? "; they are the same." : ":"}
            <ul className="list-inside list-disc">
              {changed.map((it) => (
                <li key={it}>{it}</li>
              ))}
            </ul>
          </Callout>
        )}
        <div className="grid grid-cols-2 gap-px overflow-hidden rounded-md border border-line bg-line">
          <Figure label="Delivered again" count={rerun} />
          <Figure label="Never delivered" count={skip} isBad={skip > 0} />
        </div>
        <ScrollRegion label="What changes" className="rounded-md border border-line">
          <table aria-label="What changes" className="w-full">
            <thead>
              <tr className="h-7 border-line border-b text-left text-muted text-xs">
                <th scope="col" className="px-3 font-medium">
                  Topic
                </th>
                <th scope="col" className="px-3 text-right font-medium">
                  Position
                </th>
                <th scope="col" className="whitespace-nowrap px-3 text-right font-medium">
                  Run again
                </th>
                <th scope="col" className="px-3 text-right font-medium">
                  Skip
                </th>
              </tr>
            </thead>
            <tbody>
              {plan.changes.map((it) => (
                <tr key={it.topic} className="h-8 border-line border-b last:border-0">
                  <td className="px-3 py-1">
                    <span className="font-mono text-xs">{it.topic}</span>
                    {it.firstEvent === null || it.lastEvent === null ? null : (
                      <span className="block text-2xs text-muted">
                        first {formatCount(it.firstEvent.offset)}, <DateTime at={it.firstEvent.recordedAt} />
                        <br />
                        last {formatCount(it.lastEvent.offset)}, <DateTime at={it.lastEvent.recordedAt} />
                      </span>
                    )}
                  </td>
                  <td className="whitespace-nowrap px-3 text-right">
                    {formatCount(it.from)} <ArrowRight aria-label="to" className="inline size-3 text-faint" />{" "}
                    {formatCount(it.to)}
                  </td>
                  <td className="px-3 text-right">{formatCount(it.rerun)}</td>
                  <td className="px-3 text-right">{formatCount(it.skip)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </ScrollRegion>
        <dl className="grid grid-cols-[10rem_1fr] gap-x-3 gap-y-1 text-sm">
          <dt className="text-muted">Parked events</dt>
          <dd>
            {PARKED_ACTIONS[parked.action]}: {formatCount(dead)} dead, {formatCount(retrying)} retrying,{" "}
            {formatCount(blocked)} waiting behind them
          </dd>
          <dt className="text-muted">State entries</dt>
          <dd>
            {state.action === "keep" ? "kept" : "cleared"}: {formatCount(state.entries)}
          </dd>
          <dt className="text-muted">Members fenced</dt>
          <dd>
            {plan.members.length === 0
              ? "none is connected"
              : `${plan.members.join(", ")}: what they have in flight will not count`}
          </dd>
          <dt className="text-muted">Estimated time</dt>
          <dd>{estimateText(plan.estimatedMs)}</dd>
        </dl>
        <Field label="Reason" hint="Kept in the audit.">
          <Textarea autoFocus maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
        {isRisky ? (
          <Field label={`Type ${consumer} to confirm`}>
            <Input className="font-mono" value={name} onChange={(event) => setName(event.target.value)} />
          </Field>
        ) : null}
        {problem === undefined ? null : <Callout tone="bad">{problem}</Callout>}
        <ApiEquivalent
          code={curl({
            method: "POST",
            path: `/v1/consumers/${consumer}/position-changes`,
            json: JSON.stringify({ planId: plan.id, token: plan.token, reason: reason === "" ? "…" : reason }),
          })}
        />
      </DialogBody>
      <DialogFooter note={missing}>
        <Button onClick={onBack}>Back</Button>
        <Button type="submit" look={isRisky ? "danger" : "primary"} disabled={missing !== null || isBusy}>
          {rerun + skip === 0 && !isNothing
            ? extrasText({ cleared, forgotten, redriven, consumer })
            : actionText(rerun, skip, consumer)}
        </Button>
      </DialogFooter>
    </form>
  );
}

function estimateText(ms: number | null): string {
  if (ms === null) return "unknown: nothing was settled within the last hour";
  return ms === 0 ? "none" : `${formatDuration(ms)} at the fastest rate of the last hour`;
}

function Figure({ label, count, isBad = false }: { label: string; count: number; isBad?: boolean }) {
  return (
    <div className="bg-raised px-3 py-2">
      <div className="text-muted text-xs">{label}</div>
      <div className={`font-semibold text-xl tracking-tight ${isBad ? "text-bad" : ""}`}>{formatCount(count)}</div>
    </div>
  );
}
