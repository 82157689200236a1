"use client";

import { type ReactNode, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter, FIRST_FIELD } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input, Textarea } from "../ui/input.tsx";
import { ApiEquivalent } from "./api-equivalent.tsx";
import { Callout } from "./notice.tsx";

interface ReasonDialogProps {
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
  /** The consequences of pressing the button, in numbers. */
  readonly action: string;
  readonly isDangerous?: boolean;
  /** The reason is not the first thing to be filled in. */
  readonly isReasonLast?: boolean;
  readonly isBusy: boolean;
  readonly problem: string | undefined;
  /** Why it cannot be done as it stands; null = it can. */
  readonly blockedBecause?: string | null;
  /** Has to be typed first. */
  readonly confirmName?: string;
  /** The same by the API, given the reason. */
  readonly api: (reason: string) => string;
  readonly onConfirm: (reason: string) => void;
  readonly children?: ReactNode;
}

/** A write with its reason: what it will do stands above, and in numbers on the button. */
export function ReasonDialog({ title, description, isOpen, onOpenChange, ...form }: ReasonDialogProps) {
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent title={title} {...(description !== undefined && { description })}>
        <ReasonForm {...form} />
      </DialogContent>
    </Dialog>
  );
}

type FormProps = Omit<ReasonDialogProps, "title" | "description" | "isOpen" | "onOpenChange">;

function ReasonForm(props: FormProps) {
  const { action, isDangerous = false, isBusy, problem, blockedBecause = null, confirmName, api, onConfirm } = props;
  const [reason, setReason] = useState("");
  const [name, setName] = useState("");
  const missing =
    blockedBecause ??
    (reason.trim() === ""
      ? "Say why."
      : confirmName !== undefined && name !== confirmName
        ? `Type ${confirmName} to confirm.`
        : null);
  return (
    <form
      className="contents"
      onSubmit={(event) => {
        event.preventDefault();
        if (missing === null && !isBusy) onConfirm(reason.trim());
      }}
    >
      <DialogBody>
        {props.children}
        <Field label="Reason" hint="Kept in the audit.">
          <Textarea
            {...(props.isReasonLast !== true && FIRST_FIELD)}
            maxLength={1000}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </Field>
        {confirmName === undefined ? null : (
          <Field label={`Type ${confirmName} to confirm`}>
            <Input isMono value={name} onChange={(event) => setName(event.target.value)} />
          </Field>
        )}
        {problem === undefined ? null : <Callout tone="bad">{problem}</Callout>}
        <ApiEquivalent code={api(reason.trim() === "" ? "…" : reason.trim())} />
      </DialogBody>
      <DialogFooter note={missing}>
        <DialogClose render={<Button>Cancel</Button>} />
        <Button type="submit" look={isDangerous ? "danger" : "primary"} disabled={missing !== null} isBusy={isBusy}>
          {action}
        </Button>
      </DialogFooter>
    </form>
  );
}
