import type { IncomingMessage, ServerResponse } from "node:http";
import { DomainError } from "../domain/errors.ts";
import { answerProblem } from "./answer.ts";
import { problemOf } from "./problem.ts";
import { requestIdOf } from "./request-id.ts";

const KNOWN = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** The methods of the routes mounted by hand: every other one is refused there. */
export const HAND_MOUNTED: Readonly<Record<string, readonly string[]>> = {
  "/v1/topics/:topic/events": ["GET", "POST"],
  "/v1/topics/:topic/events/:offset": ["GET"],
  "/v1/consumers/:consumer/events": ["GET"],
  "/v1/consumers/:consumer/deliveries": ["POST"],
  "/v1/consumers/:consumer/members/:member": ["DELETE"],
  "/v1/consumers/:consumer/settlements": ["POST"],
  "/healthz": ["GET"],
  "/readyz": ["GET"],
  "/metrics": ["GET"],
};
const PATTERNS = Object.entries(HAND_MOUNTED).map(
  ([route, allowed]) => [new RegExp(`^${route.replaceAll(/:\w+/g, "[^/?]+")}(\\?|$)`), allowed] as const,
);

/**
 * Answers 405 to a method that nothing here knows (true). Node takes some thirty of them, and what stands behind builds a
 * fetch Request, which throws for TRACE.
 */
export function refusedMethod(req: IncomingMessage, res: ServerResponse<IncomingMessage>): boolean {
  const { method = "", url = "/" } = req;
  if (KNOWN.has(method)) return false;
  const requestId = requestIdOf(req.headers["x-request-id"]);
  const allowed = allowedAt(url);
  const refusal = new DomainError(
    "method-not-allowed",
    `${method} is not taken. Allowed here: ${allowed.join(", ")}.`,
    {
      facts: { allowed },
    },
  );
  const exchange = { req, res, requestId, startedAt: performance.now(), route: "unknown" };
  answerProblem(exchange, problemOf(refusal, requestId));
  return true;
}

function allowedAt(url: string): readonly string[] {
  const byHand = PATTERNS.find(([pattern]) => pattern.test(url));
  if (byHand !== undefined) return byHand[1];
  if (url.startsWith("/v1")) return ["GET", "POST", "PUT", "PATCH", "DELETE"];
  return url.startsWith("/api/") ? ["GET", "POST"] : ["GET", "HEAD"];
}
