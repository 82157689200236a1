import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Exchange } from "./exchange.ts";

/** Any page may ask: what authorises is a bearer token, which no browser sends by itself. Cookies mean nothing here. */
export const CORS_HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "x-request-id, retry-after, allow",
} as const;

export function answerPreflight({ req, res, requestId }: Exchange): Response {
  res.writeHead(204, {
    ...CORS_HEADERS,
    "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
    // "*" does not cover authorization.
    "access-control-allow-headers": req.headers["access-control-request-headers"] ?? "authorization, content-type",
    "access-control-max-age": "7200",
    "x-request-id": requestId,
  });
  res.end();
  return RESPONSE_ALREADY_SENT;
}
