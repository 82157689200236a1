"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Operation } from "@/server/contract/operations.ts";
import { useApi } from "../data/api.ts";
import { ApiEquivalent } from "../display/api-equivalent.tsx";
import { curl } from "../display/curl.ts";
import { Callout } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter, FIRST_FIELD } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

/** A rate as typed; undefined when it is none. Nothing typed = without a bound. */
export function rateOf(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const rate = Number(text.replaceAll(/[,\s]/g, ""));
  return rate > 0 && rate <= 10_000 ? rate : undefined;
}

export function ChangeRate({ operation, blockedBecause }: { operation: Operation; blockedBecause?: string }) {
  const api = useApi();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState(operation.rate === null ? "" : String(operation.rate));
  const rate = rateOf(text);
  const change = useMutation(
    api.operations.changeRate.mutationOptions({
      onSuccess: (changed) => {
        queries.setQueryData(api.operations.get.queryKey({ id: operation.id }), changed);
        setOpen(false);
      },
    }),
  );
  return (
    <>
      <Button size="sm" blockedBecause={blockedBecause} onClick={() => setOpen(true)}>
        Throttle
      </Button>
      <Dialog open={isOpen} onOpenChange={setOpen}>
        <DialogContent title="Throttle the operation" className="w-[420px]">
          <form
            className="contents"
            onSubmit={(event) => {
              event.preventDefault();
              if (rate !== undefined) change.mutate({ id: operation.id, rate });
            }}
          >
            <DialogBody>
              <Field
                label="At most, per second"
                hint="Nothing = without a bound."
                error={rate === undefined ? "must be a number above 0, at most 10,000" : undefined}
              >
                <Input
                  {...FIRST_FIELD}
                  inputMode="decimal"
                  value={text}
                  onChange={(event) => setText(event.target.value)}
                />
              </Field>
              {change.error === null ? null : <Callout tone="bad">{change.error.message}</Callout>}
              <ApiEquivalent
                code={curl({
                  method: "PATCH",
                  path: `/v1/operations/${operation.id}`,
                  json: JSON.stringify({ rate: rate ?? null }),
                })}
              />
            </DialogBody>
            <DialogFooter>
              <DialogClose render={<Button>Cancel</Button>} />
              <Button type="submit" look="primary" disabled={rate === undefined} isBusy={change.isPending}>
                {rate === null ? "Take the bound away" : `Take up ${rate ?? "…"} per second`}
              </Button>
            </DialogFooter>
          </form>
        </DialogContent>
      </Dialog>
    </>
  );
}
