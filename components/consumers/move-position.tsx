"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import type { ConsumerDescription } from "@/server/contract/consumers.ts";
import { type PositionPlan, positionPlan } from "@/server/contract/position-changes.ts";
import { type ApiError, useApi } from "../data/api.ts";
import { plural } from "../display/format-count.ts";
import { Dialog, DialogContent } from "../ui/dialog.tsx";
import { ConfirmMove } from "./confirm-move.tsx";
import { type Move, TargetForm } from "./target-form.tsx";

interface MovePositionProps {
  readonly description: ConsumerDescription;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/** Target, then what it would do in numbers, then reason and name, then it is done: nothing moves before that. */
export function MovePosition({ description, isOpen, onOpenChange }: MovePositionProps) {
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent
        title={
          <>
            Move position of <span className="font-mono text-sm">{description.consumer}</span>
          </>
        }
        description="Members stay connected; they go on from the new position."
        className="w-[600px]"
      >
        <Steps description={description} onDone={() => onOpenChange(false)} />
      </DialogContent>
    </Dialog>
  );
}

/** The fresh plan that comes with a refusal because something has moved since; null for every other refusal. */
function freshPlan(error: Pick<ApiError, "data"> | null): PositionPlan | null {
  if (error?.data?.problem !== "plan-outdated") return null;
  const parsed = positionPlan.safeParse(error.data.facts.plan);
  return parsed.success ? parsed.data : null;
}

function Steps({ description, onDone }: { description: ConsumerDescription; onDone: () => void }) {
  const { consumer } = description;
  const api = useApi();
  const queries = useQueryClient();
  const [move, setMove] = useState<Move | null>(null);
  const [plan, setPlan] = useState<PositionPlan | null>(null);
  const [isOutdated, setOutdated] = useState(false);

  const planning = useMutation(
    api.positions.plan.mutationOptions({
      onSuccess: (it) => {
        setPlan(it);
        setOutdated(false);
      },
    }),
  );
  const applying = useMutation(
    api.positions.applyPlan.mutationOptions({
      onSuccess: async (change) => {
        const rerun = change.changes.reduce((sum, it) => sum + it.rerun, 0);
        const skip = change.changes.reduce((sum, it) => sum + it.skip, 0);
        const what = [
          ...(rerun > 0 ? [`${plural(rerun, "event")} queued again`] : []),
          ...(skip > 0 ? [`${plural(skip, "event")} skipped`] : []),
        ];
        toast.success(`Position of ${consumer} moved`, { description: what.join(", ") || "Nothing changed." });
        onDone();
        await queries.invalidateQueries({ queryKey: api.positions.list.queryKey({ consumer }) });
        await queries.invalidateQueries({ queryKey: api.consumers.get.queryKey({ consumer }) });
        await queries.invalidateQueries({ queryKey: api.audit.pathKey() });
      },
      onError: (error) => {
        const fresh = freshPlan(error);
        if (fresh === null) return;
        setPlan(fresh);
        setOutdated(true);
      },
    }),
  );

  if (plan === null || move === null) {
    return (
      <TargetForm
        description={description}
        initial={move}
        isBusy={planning.isPending}
        problem={planning.error?.message}
        onPreview={(next) => {
          setMove(next);
          planning.mutate({ consumer, ...next });
        }}
      />
    );
  }
  return (
    <ConfirmMove
      consumer={consumer}
      plan={plan}
      isOutdated={isOutdated}
      isBusy={applying.isPending}
      problem={freshPlan(applying.error) === null ? applying.error?.message : undefined}
      onBack={() => {
        setPlan(null);
        applying.reset();
      }}
      onApply={(reason) => applying.mutate({ consumer, planId: plan.id, token: plan.token, reason })}
    />
  );
}
