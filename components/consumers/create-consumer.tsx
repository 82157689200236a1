"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { Controller, useForm, useWatch } from "react-hook-form";
import { toast } from "sonner";
import { z } from "zod";
import type { ConsumerDeclaration } from "@/server/contract/consumers.ts";
import { consumerName } from "@/server/contract/names.ts";
import { useApi } from "../data/api.ts";
import { ApiEquivalent } from "../display/api-equivalent.tsx";
import { curl } from "../display/curl.ts";
import { Callout } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter, FIRST_FIELD } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Select } from "../ui/select.tsx";
import { ToggleGroup } from "../ui/toggle-group.tsx";
import { TopicChoice } from "./topic-choice.tsx";

const form = z.object({
  consumer: consumerName,
  topics: z.array(z.string()).min(1, "choose at least one topic"),
  types: z.string().max(4000),
  keyPrefix: z.string().max(256),
  start: z.enum(["earliest", "latest"]),
  partitions: z.number("must be a number").int().min(1).max(256),
  ordering: z.enum(["key", "topic"]),
});
type Values = z.infer<typeof form>;

interface CreateConsumerProps {
  readonly isOpen: boolean;
  /** Chosen from the start. */
  readonly topic?: string | undefined;
  readonly onOpenChange: (isOpen: boolean) => void;
}

export function CreateConsumer({ isOpen, topic, onOpenChange }: CreateConsumerProps) {
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent
        title="Create consumer"
        description="A durable subscription. Components declare theirs by the API; this does the same."
      >
        <ConsumerForm topic={topic} />
      </DialogContent>
    </Dialog>
  );
}

/** The form's content, as the API takes it. */
function declarationOf({ topics, types, keyPrefix, start, partitions, ordering }: Partial<Values>) {
  const wanted = (types ?? "").split(/[\s,]+/).filter((it) => it !== "");
  return {
    topics: (topics ?? []).map((topic) => ({
      topic,
      start: start ?? "earliest",
      ...(wanted.length === 0 ? {} : { types: wanted }),
      ...(keyPrefix === undefined || keyPrefix === "" ? {} : { keyPrefix }),
    })),
    partitions: partitions ?? 1,
    ordering: ordering ?? "key",
  } satisfies Partial<ConsumerDeclaration>;
}

function ConsumerForm({ topic }: { topic: string | undefined }) {
  const api = useApi();
  const router = useRouter();
  const queries = useQueryClient();
  const topics = useQuery(api.topics.list.queryOptions()).data?.topics ?? [];
  const { register, handleSubmit, control, formState } = useForm<Values>({
    resolver: zodResolver(form),
    defaultValues: {
      consumer: "",
      topics: topic === undefined ? [] : [topic],
      types: "",
      keyPrefix: "",
      start: "earliest",
      partitions: 1,
      ordering: "key",
    },
  });
  const values = useWatch({ control }) as Partial<Values>;
  const declare = useMutation(
    api.consumers.declare.mutationOptions({
      onSuccess: async ({ consumer }) => {
        toast.success(`Consumer ${consumer} created`);
        await queries.invalidateQueries({ queryKey: api.audit.pathKey() });
        router.push(`/consumers/${consumer}`);
      },
    }),
  );
  const errors = formState.errors;
  const name = values.consumer === undefined || values.consumer === "" ? "billing" : values.consumer;

  return (
    <form
      onSubmit={handleSubmit((it) => declare.mutate({ consumer: it.consumer, ...declarationOf(it) }))}
      className="contents"
    >
      <DialogBody>
        <Field
          label="Name"
          hint="Lower-case letters, digits, dots, dashes and underscores."
          error={errors.consumer?.message}
        >
          <Input {...register("consumer")} {...FIRST_FIELD} placeholder="billing" className="font-mono" />
        </Field>
        <Controller
          control={control}
          name="topics"
          render={({ field }) => (
            <TopicChoice
              topics={topics.map((it) => it.topic)}
              chosen={field.value}
              onChange={field.onChange}
              error={errors.topics?.message}
            />
          )}
        />
        <div className="grid grid-cols-2 gap-3">
          <Field label="Only these types" hint="Separated by commas; empty means all." error={errors.types?.message}>
            <Input {...register("types")} placeholder="payment.succeeded" className="font-mono" />
          </Field>
          <Field label="Only keys that start with" hint="Empty means all." error={errors.keyPrefix?.message}>
            <Input {...register("keyPrefix")} placeholder="acct-" className="font-mono" />
          </Field>
        </div>
        <div className="grid grid-cols-3 gap-3">
          <Field label="Start">
            <Controller
              control={control}
              name="start"
              render={({ field }) => (
                <Select
                  value={field.value}
                  choices={[
                    { value: "earliest", label: "Earliest event" },
                    { value: "latest", label: "New events only" },
                  ]}
                  onChange={field.onChange}
                />
              )}
            />
          </Field>
          <Field label="Partitions" error={errors.partitions?.message}>
            <Input {...register("partitions", { valueAsNumber: true })} type="number" min={1} max={256} />
          </Field>
          <div className="flex flex-col gap-1.5">
            <span className="font-medium text-xs">Order kept</span>
            <Controller
              control={control}
              name="ordering"
              render={({ field }) => (
                <ToggleGroup
                  aria-label="Order kept"
                  value={field.value}
                  choices={[
                    { value: "key", label: "per key" },
                    { value: "topic", label: "per topic" },
                  ]}
                  onChange={field.onChange}
                />
              )}
            />
          </div>
        </div>
        {declare.error === null ? null : <Callout tone="bad">{declare.error.message}</Callout>}
        <ApiEquivalent
          code={curl({ method: "PUT", path: `/v1/consumers/${name}`, json: JSON.stringify(declarationOf(values)) })}
        />
      </DialogBody>
      <DialogFooter>
        <DialogClose render={<Button>Cancel</Button>} />
        <Button type="submit" look="primary" disabled={declare.isPending}>
          Create consumer
        </Button>
      </DialogFooter>
    </form>
  );
}
