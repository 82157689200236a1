"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import type { ApiKey } from "@/server/contract/api-keys.ts";
import { useApi } from "../data/api.ts";
import { Ago } from "../display/moment.tsx";
import { Callout } from "../display/notice.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogBody, DialogClose, DialogContent, DialogFooter } from "../ui/dialog.tsx";

export function RevokeKey({ apiKey, onClose }: { apiKey: ApiKey | null; onClose: () => void }) {
  const api = useApi();
  const queries = useQueryClient();
  const revoke = useMutation(
    api.apiKeys.revoke.mutationOptions({
      onSuccess: async (it) => {
        toast.success(`API key ${it.name} revoked`);
        onClose();
        await queries.invalidateQueries({ queryKey: api.apiKeys.pathKey() });
        await queries.invalidateQueries({ queryKey: api.audit.pathKey() });
      },
    }),
  );
  return (
    <Dialog open={apiKey !== null} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DialogContent
        title={`Revoke ${apiKey?.name ?? "API key"}`}
        description="This cannot be undone; create another key instead."
      >
        <DialogBody>
          <p>
            Every call with this key is refused within seconds, and its open streams end. It begins with{" "}
            <span className="font-mono text-xs">{apiKey?.prefix}</span> and was last used{" "}
            {apiKey?.lastUsedAt == null ? "never" : <Ago at={apiKey.lastUsedAt} />}.
          </p>
          {revoke.error === null ? null : <Callout tone="bad">{revoke.error.message}</Callout>}
        </DialogBody>
        <DialogFooter note={`By API: DELETE /v1/keys/${apiKey?.id ?? ""}`}>
          <DialogClose render={<Button>Cancel</Button>} />
          <Button
            look="danger"
            disabled={revoke.isPending}
            onClick={() => apiKey !== null && revoke.mutate({ id: apiKey.id })}
          >
            Revoke key
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
