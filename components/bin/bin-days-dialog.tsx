"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import type { BinEntry } from "@/server/contract/bin.ts";
import { useApi } from "../data/api.ts";
import { curl } from "../display/curl.ts";
import { plural } from "../display/format-count.ts";
import { Callout } from "../display/notice.tsx";
import { ReasonDialog } from "../display/reason-dialog.tsx";
import { useNow } from "../display/use-now.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

const DAY_MS = 86_400_000;

interface BinDaysDialogProps {
  readonly days: number;
  readonly entries: readonly BinEntry[];
  readonly onClose: () => void;
}

/** For how long what is removed can be restored. Counts at once for what is in the bin, too. */
export function BinDaysDialog({ days, entries, onClose }: BinDaysDialogProps) {
  const api = useApi();
  const queries = useQueryClient();
  const now = useNow();
  const [text, setText] = useState(String(days));
  const next = Number(text);
  const isRight = Number.isSafeInteger(next) && next >= 1 && next <= 365;
  const over = isRight ? entries.filter((it) => !it.isPurging && Date.parse(it.removedAt) + next * DAY_MS <= now) : [];
  const configure = useMutation(
    api.bin.configure.mutationOptions({
      onSuccess: () => {
        toast.success(`What is removed is kept for ${plural(next, "day")}`);
        onClose();
        void queries.invalidateQueries({ queryKey: api.bin.pathKey() });
      },
    }),
  );
  return (
    <ReasonDialog
      title="How long the bin keeps things"
      description="Counts at once, also for what is in the bin."
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      action={isRight ? `Keep for ${plural(next, "day")}` : "Keep"}
      isDangerous={over.length > 0}
      isReasonLast
      isBusy={configure.isPending}
      problem={configure.error?.message}
      blockedBecause={isRight ? null : "A whole number of days, from 1 to 365."}
      api={(reason) => curl({ method: "PUT", path: "/v1/bin", json: JSON.stringify({ binDays: next, reason }) })}
      onConfirm={(reason) => configure.mutate({ binDays: next, reason })}
    >
      <Field label="Days">
        <Input inputMode="numeric" value={text} onChange={(event) => setText(event.target.value)} />
      </Field>
      {over.length === 0 ? null : (
        <Callout tone="bad">
          {over.map((it) => it.name).join(", ")} will be deleted for ever at once: so long ago it was removed.
        </Callout>
      )}
    </ReasonDialog>
  );
}
