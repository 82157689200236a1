import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { CORS_HEADERS } from "./cors.ts";
import { drainBody } from "./drain-body.ts";
import type { Exchange } from "./exchange.ts";
import type { ProblemAnswer } from "./problem.ts";

// Answers are written on the raw response: as a Response object they would be built, taken apart and built again.

/** JSON text as it stands. */
export function answerJson({ res, requestId }: Exchange, status: number, json: string): Response {
  if (!res.destroyed) {
    res.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(json),
      "x-request-id": requestId,
      ...CORS_HEADERS,
    });
    res.end(json);
  }
  return RESPONSE_ALREADY_SENT;
}

export function answerProblem({ req, res, requestId }: Exchange, { problem, headers }: ProblemAnswer): Response {
  if (res.headersSent) res.destroy();
  if (res.destroyed) return RESPONSE_ALREADY_SENT;
  const json = JSON.stringify(problem);
  res.writeHead(problem.status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(json),
    "x-request-id": requestId,
    ...CORS_HEADERS,
    ...headers,
  });
  res.end(json);
  drainBody(req);
  return RESPONSE_ALREADY_SENT;
}
