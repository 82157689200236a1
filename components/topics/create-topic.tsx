"use client";

import { zodResolver } from "@hookform/resolvers/zod";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useForm, useWatch } from "react-hook-form";
import { toast } from "sonner";
import { z } from "zod";
import { topicName } from "@/server/contract/names.ts";
import { useApi } from "../data/api.ts";
import { ApiEquivalent } from "../display/api-equivalent.tsx";
import { curl } from "../display/curl.ts";
import { Callout } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter, FIRST_FIELD } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input, Textarea } from "../ui/input.tsx";

const form = z.object({ topic: topicName, description: z.string().max(2000) });

interface CreateTopicProps {
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

export function CreateTopic({ isOpen, onOpenChange }: CreateTopicProps) {
  return (
    <Dialog open={isOpen} onOpenChange={onOpenChange}>
      <DialogContent title="Create topic" description="Events are published to a topic and kept there, in order.">
        <TopicForm />
      </DialogContent>
    </Dialog>
  );
}

function TopicForm() {
  const api = useApi();
  const router = useRouter();
  const queries = useQueryClient();
  const { register, handleSubmit, control, formState } = useForm({
    resolver: zodResolver(form),
    defaultValues: { topic: "", description: "" },
  });
  const { topic = "", description = "" } = useWatch({ control });
  const declare = useMutation(
    api.topics.declare.mutationOptions({
      onSuccess: async (created) => {
        toast.success(`Topic ${created.topic} created`);
        await queries.invalidateQueries({ queryKey: api.audit.pathKey() });
        router.push(`/topics/${created.topic}`);
      },
    }),
  );
  const errors = formState.errors;
  return (
    <form onSubmit={handleSubmit((values) => declare.mutate(values))} className="contents">
      <DialogBody>
        <Field
          label="Name"
          hint="Lower-case letters, digits, dots, dashes and underscores."
          error={errors.topic?.message}
        >
          <Input {...register("topic")} {...FIRST_FIELD} placeholder="payments" className="font-mono" />
        </Field>
        <Field
          label="Description"
          hint="What it carries, for those who find it later."
          error={errors.description?.message}
        >
          <Textarea {...register("description")} />
        </Field>
        {declare.error === null ? null : <Callout tone="bad">{declare.error.message}</Callout>}
        <ApiEquivalent
          code={curl({
            method: "PUT",
            path: `/v1/topics/${topic === "" ? "payments" : topic}`,
            json: JSON.stringify({ description }),
          })}
        />
      </DialogBody>
      <DialogFooter>
        <DialogClose render={<Button>Cancel</Button>} />
        <Button type="submit" look="primary" disabled={declare.isPending}>
          Create topic
        </Button>
      </DialogFooter>
    </form>
  );
}
