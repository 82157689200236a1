"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { toast } from "sonner";
import { useApi, useApiClient } from "../data/api.ts";
import { RemoveDialog } from "./remove-dialog.tsx";

interface RemoveTopicProps {
  readonly topic: string;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

export function RemoveTopic({ topic, isOpen, onOpenChange }: RemoveTopicProps) {
  const api = useApi();
  const client = useApiClient();
  const queries = useQueryClient();
  const router = useRouter();
  const remove = useMutation(
    api.topics.remove.mutationOptions({
      onSuccess: () => {
        toast.success(`${topic} is in the bin`);
        router.push("/bin");
        void queries.invalidateQueries();
      },
    }),
  );
  return (
    <RemoveDialog
      kind="topic"
      name={topic}
      isOpen={isOpen}
      onOpenChange={(next) => {
        if (!next) remove.reset();
        onOpenChange(next);
      }}
      preview={() => client.topics.remove.mutate({ topic, dryRun: "true" })}
      isBusy={remove.isPending}
      error={remove.error}
      onRemove={({ token, reason }) => remove.mutate({ topic, token, reason })}
    />
  );
}
