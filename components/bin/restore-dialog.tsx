"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import type { BinEntry } from "@/server/contract/bin.ts";
import { useApi } from "../data/api.ts";
import { curl } from "../display/curl.ts";
import { ReasonDialog } from "../display/reason-dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { holdingsText } from "./holdings-text.ts";

/** Under another name when the one of before was given to another since. */
export function RestoreDialog({ entry, onClose }: { entry: BinEntry; onClose: () => void }) {
  const api = useApi();
  const queries = useQueryClient();
  const { id, kind, name } = entry;
  const [as, setAs] = useState(name);
  const restore = useMutation(
    api.bin.restore.mutationOptions({
      onSuccess: (it) => {
        toast.success(`${it.name} is back`);
        onClose();
        void queries.invalidateQueries();
      },
    }),
  );
  const renamed = as.trim() === name || as.trim() === "" ? {} : { as: as.trim() };
  const held = holdingsText(entry.holds);
  return (
    <ReasonDialog
      title={
        <>
          Restore <span className="font-mono text-sm">{name}</span>
        </>
      }
      description={
        kind === "topic"
          ? "Its events are there again, and its consumers go on from where they stood."
          : "It goes on from where it stood, with what it had parked and kept."
      }
      isOpen
      onOpenChange={(isOpen) => !isOpen && onClose()}
      action={held.length === 0 ? `Restore the ${kind}` : `Restore the ${kind} with ${held.join(", ")}`}
      isBusy={restore.isPending}
      problem={restore.error?.message}
      api={(reason) =>
        curl({ method: "POST", path: `/v1/bin/${id}/restore`, json: JSON.stringify({ ...renamed, reason }) })
      }
      onConfirm={(reason) => restore.mutate({ id, ...renamed, reason })}
    >
      <Field label="Name" hint="Another one, if this was given to another since.">
        <Input className="font-mono" value={as} onChange={(event) => setAs(event.target.value)} />
      </Field>
    </ReasonDialog>
  );
}
