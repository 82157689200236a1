"use client";

import { useQuery } from "@tanstack/react-query";
import type { AlertRule } from "@/server/contract/alerts.ts";
import { useApi } from "../data/api.ts";
import { Dialog, DialogContent } from "../ui/dialog.tsx";
import { RuleForm } from "./rule-form.tsx";

/** Stands in the address for a rule that has no name yet; no rule can bear it. */
export const NEW_RULE = "*";

const DRAFT = {
  name: "",
  description: "",
  measure: "lag-seconds",
  above: 300,
  forSeconds: 300,
  pattern: "*",
  severity: "ticket",
  isEnabled: true,
} as const satisfies Omit<AlertRule, "changedBy" | "changedAt">;

/** One rule, written anew or changed. `name`: null = closed. */
export function RuleDialog({ name, onClose }: { name: string | null; onClose: () => void }) {
  const api = useApi();
  const rules = useQuery(api.alerts.rules.queryOptions(undefined, { enabled: name !== null }));
  const isNew = name === NEW_RULE;
  const rule = isNew ? DRAFT : rules.data?.rules.find((it) => it.name === name);
  return (
    <Dialog open={name !== null && rule !== undefined} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DialogContent
        title={isNew ? "New alert rule" : `Alert rule ${name}`}
        description="Tells when a measure of a consumer or a topic was above its bound for a time."
        className="w-[560px]"
      >
        {rule === undefined ? null : <RuleForm key={rule.name} rule={rule} isNew={isNew} onDone={onClose} />}
      </DialogContent>
    </Dialog>
  );
}
