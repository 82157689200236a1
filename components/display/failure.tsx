"use client";

import { CircleX, Lock, SearchX } from "lucide-react";
import { Button } from "../ui/button.tsx";
import { Empty } from "./notice.tsx";

export interface FailureFacts {
  readonly message: string;
  readonly data?:
    | { readonly problem?: string; readonly httpStatus?: number; readonly requestId?: string | null }
    | null
    | undefined;
}

/** What could not be loaded: not there, not allowed, or failed; each with its next step. */
export function Failure({ error, what, onRetry }: { error: FailureFacts; what: string; onRetry: () => void }) {
  const status = error.data?.httpStatus;
  if (status === 404) {
    return (
      <Empty icon={SearchX} title={`There is no such ${what}`}>
        {error.message}
      </Empty>
    );
  }
  if (status === 403) {
    return (
      <Empty icon={Lock} title={`You may not see this ${what}`}>
        {error.message} Ask an administrator of this environment.
      </Empty>
    );
  }
  const requestId = error.data?.requestId;
  return (
    <Empty icon={CircleX} title="This could not be loaded" action={<Button onClick={onRetry}>Try again</Button>}>
      {status === undefined ? "The server did not answer." : error.message}
      {requestId === null || requestId === undefined ? null : (
        <span className="mt-1 block font-mono text-2xs text-faint">Request {requestId}</span>
      )}
    </Empty>
  );
}
