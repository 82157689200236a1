import { TRPCError } from "@trpc/server";
import { domainErrorOf } from "../trpc/error-shape.ts";
import { problemOf } from "./problem.ts";

/** Whatever the control plane threw, as a problem document. A fault's text goes to `onError` and not to the caller. */
export function problemResponse(error: unknown, requestId: string, onError: (error: unknown) => void): Response {
  const { problem, headers, fault } = problemOf(error instanceof TRPCError ? domainErrorOf(error) : error, requestId);
  if (fault !== null) onError(error instanceof Error && error.cause !== undefined ? error.cause : error);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { ...headers, "content-type": "application/problem+json", "x-request-id": requestId },
  });
}
