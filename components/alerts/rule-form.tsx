"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Controller, useForm, useWatch } from "react-hook-form";
import type { z } from "zod";
import { type AlertRule, alertRuleDeclaration, alertRuleName } from "@/server/contract/alerts.ts";
import { useApi } from "../data/api.ts";
import { Callout } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { Checkbox } from "../ui/checkbox.tsx";
import { DialogBody, DialogClose, DialogFooter, FIRST_FIELD } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { MEASURE_CHOICES, MEASURE_WORDS } from "./measure-choices.ts";
import { RulePreview } from "./rule-preview.tsx";

const form = alertRuleDeclaration.extend({ name: alertRuleName });

interface RuleFormProps {
  readonly rule: Omit<AlertRule, "changedBy" | "changedAt">;
  readonly isNew: boolean;
  readonly onDone: () => void;
}

export function RuleForm({ rule, isNew, onDone }: RuleFormProps) {
  const api = useApi();
  const queries = useQueryClient();
  const { name, description, measure, above, forSeconds, pattern, severity, isEnabled } = rule;
  const { register, handleSubmit, control, formState } = useForm<z.input<typeof form>, unknown, z.output<typeof form>>({
    resolver: zodResolver(form),
    defaultValues: { name, description, measure, above, forSeconds, pattern, severity, isEnabled },
  });
  const values = useWatch({ control });
  const settled = {
    onSuccess: async () => {
      onDone();
      await queries.invalidateQueries({ queryKey: api.alerts.pathKey() });
      await queries.invalidateQueries({ queryKey: api.audit.pathKey() });
    },
  };
  const put = useMutation(api.alerts.putRule.mutationOptions(settled));
  const remove = useMutation(api.alerts.deleteRule.mutationOptions(settled));
  const unit = MEASURE_WORDS[values.measure ?? measure].unit;
  const problem = put.error ?? remove.error;
  const { errors } = formState;
  return (
    <form
      className="contents"
      onSubmit={handleSubmit(({ name: ruleName, ...declaration }) =>
        put.mutate({ rule: ruleName, ...declaration, above: unit === null ? 0 : declaration.above }),
      )}
    >
      <DialogBody>
        {isNew ? (
          <Field label="Name" error={errors.name?.message}>
            <Input {...register("name")} {...FIRST_FIELD} isMono placeholder="billing-behind" />
          </Field>
        ) : null}
        <Field label="Tell when">
          <Controller
            control={control}
            name="measure"
            render={({ field }) => <Select value={field.value} choices={MEASURE_CHOICES} onChange={field.onChange} />}
          />
        </Field>
        <div className="grid grid-cols-2 gap-3">
          {unit === null ? null : (
            <Field label="More than" hint={unit} error={errors.above?.message}>
              <Input {...register("above", { valueAsNumber: true })} inputMode="decimal" />
            </Field>
          )}
          <Field label="For" hint="seconds" error={errors.forSeconds?.message}>
            <Input {...register("forSeconds", { valueAsNumber: true })} inputMode="numeric" />
          </Field>
        </div>
        <div className="grid grid-cols-2 gap-3">
          <Field
            label="Of"
            hint="A name, a name's beginning followed by *, or * for all."
            error={errors.pattern?.message}
          >
            <Input {...register("pattern")} isMono />
          </Field>
          <Field label="Severity">
            <Controller
              control={control}
              name="severity"
              render={({ field }) => (
                <Select
                  value={field.value}
                  choices={[
                    { value: "page", label: "Page", description: "Somebody has to get up." },
                    { value: "ticket", label: "Ticket", description: "It can wait for the morning." },
                  ]}
                  onChange={field.onChange}
                />
              )}
            />
          </Field>
        </div>
        <Field label="Description" isOptional error={errors.description?.message}>
          <Input {...register("description")} />
        </Field>
        <Controller
          control={control}
          name="isEnabled"
          render={({ field }) => (
            <Checkbox isChecked={field.value ?? true} onChange={field.onChange}>
              On
            </Checkbox>
          )}
        />
        <RulePreview condition={{ ...values, ...(unit === null && { above: 0 }) }} />
        {problem === null ? null : <Callout tone="bad">{problem.message}</Callout>}
      </DialogBody>
      <DialogFooter note="By API: PUT /v1/alert-rules/{rule}">
        {isNew ? null : (
          <Button look="danger" disabled={remove.isPending} onClick={() => remove.mutate({ rule: name })}>
            Delete
          </Button>
        )}
        <DialogClose render={<Button>Cancel</Button>} />
        <Button type="submit" look="primary" disabled={put.isPending}>
          Save rule
        </Button>
      </DialogFooter>
    </form>
  );
}
