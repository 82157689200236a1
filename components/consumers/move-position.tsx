"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ConsumerDescription } from "@/server/contract/consumers.ts";
import { type PositionChange, type PositionPlan, positionPlan } from "@/server/contract/position-changes.ts";
import { type ApiError, useApi } from "../data/api.ts";
import { Dialog, DialogContent } from "../ui/dialog.tsx";
import { AppliedMove } from "./applied-move.tsx";
import { ConfirmMove } from "./confirm-move.tsx";
import { planDifference } from "./plan-difference.ts";
import { TargetForm } from "./target-form.tsx";
import { useMoveFields } from "./use-move-fields.ts";

interface MovePositionProps {
  readonly description: ConsumerDescription;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

/** Target, then what it would do in numbers, then reason and name, then it is done, with the way back. */
export function MovePosition({ description, isOpen, onOpenChange }: MovePositionProps) {
  const [, setFields] = useMoveFields();
  function change(next: boolean) {
    if (!next) void setFields(null);
    onOpenChange(next);
  }
  return (
    <Dialog open={isOpen} onOpenChange={change}>
      <DialogContent
        title={
          <>
            Move position of <span className="font-mono text-sm">{description.consumer}</span>
          </>
        }
        description="Members stay connected; they go on from the new position."
        className="w-[600px]"
      >
        <Steps description={description} onDone={() => change(false)} />
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

interface Shown {
  readonly plan: PositionPlan;
  /** The plan before it, when that one was outdated. */
  readonly instead: PositionPlan | null;
}

function Steps({ description, onDone }: { description: ConsumerDescription; onDone: () => void }) {
  const { consumer } = description;
  const api = useApi();
  const queries = useQueryClient();
  const [shown, setShown] = useState<Shown | null>(null);
  const [applied, setApplied] = useState<PositionChange | null>(null);

  const planning = useMutation(
    api.positions.plan.mutationOptions({ onSuccess: (plan) => setShown({ plan, instead: null }) }),
  );
  const applying = useMutation(
    api.positions.applyPlan.mutationOptions({
      onSuccess: async (change) => {
        setApplied(change);
        await queries.invalidateQueries({ queryKey: api.positions.list.queryKey({ consumer }) });
        await queries.invalidateQueries({ queryKey: api.consumers.get.queryKey({ consumer }) });
        await queries.invalidateQueries({ queryKey: api.audit.pathKey() });
      },
      onError: (error) => {
        const fresh = freshPlan(error);
        if (fresh !== null) setShown((it) => ({ plan: fresh, instead: it?.plan ?? null }));
      },
    }),
  );

  if (applied !== null) return <AppliedMove consumer={consumer} change={applied} onDone={onDone} />;
  if (shown === null) {
    return (
      <TargetForm
        description={description}
        isBusy={planning.isPending}
        problem={planning.error?.message}
        onPreview={(move) => planning.mutate({ consumer, ...move })}
      />
    );
  }
  const { plan, instead } = shown;
  return (
    <ConfirmMove
      consumer={consumer}
      plan={plan}
      changed={instead === null ? null : planDifference(instead, plan)}
      isBusy={applying.isPending}
      problem={freshPlan(applying.error) === null ? applying.error?.message : undefined}
      onBack={() => {
        setShown(null);
        applying.reset();
      }}
      onApply={(reason) => applying.mutate({ consumer, planId: plan.id, token: plan.token, reason })}
    />
  );
}
