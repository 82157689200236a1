"use client";

import { CircleX, Lock, SearchX } from "lucide-react";
import { Button, ButtonLink } from "../ui/button.tsx";
import { Empty } from "./notice.tsx";

export interface FailureFacts {
  readonly message: string;
  readonly data?:
    | { readonly problem?: string; readonly httpStatus?: number; readonly requestId?: string | null }
    | null
    | undefined;
}

interface FailureProps {
  readonly error: FailureFacts;
  readonly what: string;
  readonly onRetry: () => void;
  /** Where one finds what there is, when this is not there. */
  readonly all?: { readonly href: string; readonly label: string };
}

/** Stands where something could not be loaded: not there, not allowed, or failed; each with its next step. */
export function Failure({ error, what, onRetry, all }: FailureProps) {
  const status = error.data?.httpStatus;
  const elsewhere = all === undefined ? undefined : <ButtonLink href={all.href}>{all.label}</ButtonLink>;
  if (status === 404) {
    return (
      <Empty icon={SearchX} title={`There is no such ${what}`} action={elsewhere}>
        {error.message}
      </Empty>
    );
  }
  // The address alone says what was asked for: nothing is gained by asking again.
  if (status === 400) {
    return (
      <Empty icon={SearchX} title={`The address of this ${what} is not right`} action={elsewhere}>
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
