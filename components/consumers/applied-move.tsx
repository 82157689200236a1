"use client";

import { ArrowRight, Undo2 } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { PositionChange } from "@/server/contract/position-changes.ts";
import { ApiEquivalent } from "../display/api-equivalent.tsx";
import { formatCount, plural } from "../display/format-count.ts";
import { Callout } from "../display/notice.tsx";
import { Status } from "../display/status.tsx";
import { Button } from "../ui/button.tsx";
import { DialogBody, DialogClose, DialogFooter } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Textarea } from "../ui/input.tsx";
import { undoCurl, useUndo } from "./use-undo.ts";

interface AppliedMoveProps {
  readonly consumer: string;
  readonly change: PositionChange;
  readonly onDone: () => void;
}

/** The move that was made, and the way back. */
export function AppliedMove({ consumer, change, onDone }: AppliedMoveProps) {
  const [isUndoing, setUndoing] = useState(false);
  const [reason, setReason] = useState("");
  const undo = useUndo(consumer, onDone);
  const rerun = change.changes.reduce((sum, it) => sum + it.rerun, 0);
  const skip = change.changes.reduce((sum, it) => sum + it.skip, 0);
  const said = [
    ...(rerun > 0 ? [`${plural(rerun, "event")} queued again`] : []),
    ...(skip > 0 ? [`${plural(skip, "event")} skipped`] : []),
  ];
  const missing = reason.trim() === "";
  return (
    <form
      className="contents"
      onSubmit={(event) => {
        event.preventDefault();
        if (!missing) undo.mutate({ consumer, id: change.id, reason: reason.trim() });
      }}
    >
      <DialogBody>
        <p className="font-medium" role="status">
          <Status tone="ok" word={said.length === 0 ? "Position moved" : `Position moved: ${said.join(", ")}`} />
        </p>
        <ul className="flex flex-col gap-1">
          {change.changes.map((it) => (
            <li key={it.topic} className="flex items-center gap-2">
              <span className="font-mono text-xs">{it.topic}</span>
              <span>
                {formatCount(it.from)} <ArrowRight aria-label="to" className="inline size-3 text-faint" />{" "}
                {formatCount(it.to)}
              </span>
            </li>
          ))}
        </ul>
        <p className="text-muted">
          Members stayed connected and go on from there. The change stands in the{" "}
          <Link href={`/consumers/${consumer}?tab=history`} className="rounded-sm text-accent hover:underline">
            history
          </Link>{" "}
          and can be undone: positions, parked events and state go back to what they were.
        </p>
        {isUndoing ? (
          <>
            <Field label="Reason to undo" hint="Kept in the audit.">
              <Textarea autoFocus maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
            </Field>
            {undo.error === null ? null : <Callout tone="bad">{undo.error.message}</Callout>}
            <ApiEquivalent code={undoCurl(consumer, change.id, missing ? "…" : reason.trim())} />
          </>
        ) : null}
      </DialogBody>
      <DialogFooter note={isUndoing && missing ? "Say why." : null}>
        {isUndoing ? (
          <>
            <Button onClick={() => setUndoing(false)}>Leave it</Button>
            <Button type="submit" look="primary" disabled={missing} isBusy={undo.isPending}>
              Undo for {consumer}
            </Button>
          </>
        ) : (
          <>
            <Button onClick={() => setUndoing(true)}>
              <Undo2 aria-hidden="true" /> Undo
            </Button>
            <DialogClose render={<Button look="primary">Close</Button>} />
          </>
        )}
      </DialogFooter>
    </form>
  );
}
