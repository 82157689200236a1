import { TRPCClientError } from "@trpc/client";
import type { AppRouter } from "@/server/trpc/router.ts";

/** Why a call was refused, as a page tells it. */
export interface Refusal {
  /** As in `/docs/problems`; null when the server did not answer at all. */
  readonly problem: string | null;
  readonly message: string;
  /** By name, what is wrong with a field. */
  readonly fields: readonly { readonly field: string; readonly message: string }[];
  readonly requestId: string | null;
}

export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof TRPCClientError)) {
    return { problem: null, message: String(error), fields: [], requestId: null };
  }
  const { message, data } = error as TRPCClientError<AppRouter>;
  if (data === undefined || data === null) {
    return { problem: null, message: "The server did not answer.", fields: [], requestId: null };
  }
  return { problem: data.problem, message, fields: data.fields, requestId: data.requestId };
}
