"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { toast } from "sonner";
import { useApi, useApiClient } from "../data/api.ts";
import { RemoveDialog } from "./remove-dialog.tsx";

interface RemoveConsumerProps {
  readonly consumer: string;
  readonly isOpen: boolean;
  readonly onOpenChange: (isOpen: boolean) => void;
}

export function RemoveConsumer({ consumer, isOpen, onOpenChange }: RemoveConsumerProps) {
  const api = useApi();
  const client = useApiClient();
  const queries = useQueryClient();
  const router = useRouter();
  const remove = useMutation(
    api.consumers.remove.mutationOptions({
      onSuccess: () => {
        toast.success(`${consumer} is in the bin`);
        router.push("/bin");
        void queries.invalidateQueries();
      },
    }),
  );
  return (
    <RemoveDialog
      kind="consumer"
      name={consumer}
      isOpen={isOpen}
      onOpenChange={(next) => {
        if (!next) remove.reset();
        onOpenChange(next);
      }}
      preview={() => client.consumers.remove.mutate({ consumer, dryRun: "true" })}
      isBusy={remove.isPending}
      error={remove.error}
      onRemove={({ token, reason }) => remove.mutate({ consumer, token, reason })}
    />
  );
}
