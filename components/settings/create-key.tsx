"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { Controller, useFieldArray, useForm } from "react-hook-form";
import { z } from "zod";
import { scope } from "@/server/contract/api-keys.ts";
import { useApi } from "../data/api.ts";
import { CodeBlock } from "../display/code-block.tsx";
import { Callout } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter, FIRST_FIELD } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";

const form = z.object({
  name: z.string().trim().min(1, "must not be empty").max(100),
  scopes: z.array(scope).min(1),
  days: z.enum(["never", "30", "90", "365"]),
});

const DAY_MS = 86_400_000;
const ACTIONS = [
  { value: "publish", label: "Publish to" },
  { value: "read", label: "Read" },
  { value: "consume", label: "Consume as" },
  { value: "operate", label: "Operate" },
  { value: "administer", label: "Administer" },
] as const;

interface CreateKeyProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

export function CreateKey({ isOpen, onOpenChange }: CreateKeyProps) {
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent
        title="Create API key"
        description="For a component. Give it what it needs and nothing else."
        className="w-[560px]"
      >
        <KeyForm />
      </DialogContent>
    </Dialog>
  );
}

function KeyForm() {
  const api = useApi();
  const queries = useQueryClient();
  const { register, handleSubmit, control, formState } = useForm<z.infer<typeof form>>({
    resolver: zodResolver(form),
    defaultValues: { name: "", scopes: [{ action: "publish", pattern: "*" }], days: "never" },
  });
  const scopes = useFieldArray({ control, name: "scopes" });
  const create = useMutation(
    api.apiKeys.create.mutationOptions({
      onSuccess: async () => {
        await queries.invalidateQueries({ queryKey: api.apiKeys.pathKey() });
        await queries.invalidateQueries({ queryKey: api.audit.pathKey() });
      },
    }),
  );
  const errors = formState.errors;

  if (create.data !== undefined) {
    return (
      <>
        <DialogBody>
          <p>
            Copy the key of <b className="font-medium">{create.data.key.name}</b> now. It is stored hashed and cannot be
            shown again.
          </p>
          <CodeBlock label="API key" code={create.data.secret} />
        </DialogBody>
        <DialogFooter>
          <DialogClose render={<Button look="primary">I have copied it</Button>} />
        </DialogFooter>
      </>
    );
  }
  return (
    <form
      className="contents"
      onSubmit={handleSubmit(({ name, scopes: wanted, days }) =>
        create.mutate({
          name,
          scopes: wanted,
          ...(days === "never" ? {} : { expiresAt: new Date(Date.now() + Number(days) * DAY_MS).toISOString() }),
        }),
      )}
    >
      <DialogBody>
        <Field label="Name" hint="The component that uses it." error={errors.name?.message}>
          <Input {...register("name")} {...FIRST_FIELD} placeholder="billing-worker" />
        </Field>
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1.5 font-medium text-xs">It may</legend>
          {scopes.fields.map((field, index) => (
            <div key={field.id} className="flex flex-col gap-1">
              <div className="flex items-center gap-2">
                <Controller
                  control={control}
                  name={`scopes.${index}.action`}
                  render={({ field: action }) => (
                    <Select
                      aria-label="Action"
                      className="w-36 shrink-0"
                      value={action.value}
                      choices={ACTIONS}
                      onChange={action.onChange}
                    />
                  )}
                />
                <Input
                  {...register(`scopes.${index}.pattern`)}
                  aria-label="Name or pattern"
                  aria-invalid={errors.scopes?.[index]?.pattern !== undefined}
                  placeholder="payments.*"
                  className="font-mono"
                />
                <Button
                  look="ghost"
                  size="icon"
                  aria-label="Remove"
                  disabled={scopes.fields.length === 1}
                  title={scopes.fields.length === 1 ? "A key must be allowed something" : "Remove"}
                  onClick={() => scopes.remove(index)}
                >
                  <X />
                </Button>
              </div>
              {errors.scopes?.[index]?.pattern === undefined ? null : (
                <p className="text-bad text-xs">{errors.scopes[index]?.pattern?.message}</p>
              )}
            </div>
          ))}
          <Button
            look="ghost"
            size="sm"
            className="self-start"
            onClick={() => scopes.append({ action: "read", pattern: "*" })}
          >
            <Plus aria-hidden="true" /> Add
          </Button>
          <p className="text-faint text-xs">
            A name, a name's beginning followed by <code>*</code>, or <code>*</code> for every topic and consumer.
          </p>
        </fieldset>
        <Field label="Expires">
          <Controller
            control={control}
            name="days"
            render={({ field }) => (
              <Select
                className="w-44"
                value={field.value}
                choices={[
                  { value: "never", label: "Never" },
                  { value: "30", label: "In 30 days" },
                  { value: "90", label: "In 90 days" },
                  { value: "365", label: "In a year" },
                ]}
                onChange={field.onChange}
              />
            )}
          />
        </Field>
        {create.error === null ? null : <Callout tone="bad">{create.error.message}</Callout>}
      </DialogBody>
      <DialogFooter note="By API: POST /v1/keys">
        <DialogClose render={<Button>Cancel</Button>} />
        <Button type="submit" look="primary" disabled={create.isPending}>
          Create key
        </Button>
      </DialogFooter>
    </form>
  );
}
