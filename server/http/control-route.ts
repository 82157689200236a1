import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Identity } from "../auth/identity.ts";
import { CORS_HEADERS } from "./cors.ts";
import type { Exchange } from "./exchange.ts";
import { readBody } from "./read-body.ts";

/** Everything under `/v1` that is not mounted by hand. */
export type ControlRoutes = (
  request: Request,
  asking: { readonly identity: Identity | null; readonly requestId: string },
) => Promise<Response>;

/** Control requests are small: a consumer of 32 topics with full filters stays below this. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * Hands a request to the control plane. Its body is read here, within bounds: as a web stream it would close the
 * connection when it is refused half-way, before the refusal was read.
 */
export async function answerControl(
  exchange: Exchange,
  url: string,
  { control, identity }: { readonly control: ControlRoutes; readonly identity: Identity | null },
): Promise<Response> {
  const { req, res, requestId } = exchange;
  const method = req.method ?? "GET";
  const body = await readBody(req, { maxBytes: MAX_BODY_BYTES });
  const hasBody = method !== "GET" && method !== "HEAD" && body.length > 0;
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const gone = new AbortController();
  res.once("close", () => gone.abort());
  const request = new Request(url, {
    method,
    headers,
    signal: gone.signal,
    ...(hasBody ? { body: new Uint8Array(body) } : {}),
  });
  const response = await control(request, { identity, requestId });
  const answer = Buffer.from(await response.arrayBuffer());
  if (res.destroyed) return RESPONSE_ALREADY_SENT;
  res.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    ...CORS_HEADERS,
    "content-length": answer.length,
    "x-request-id": requestId,
  });
  res.end(answer);
  return RESPONSE_ALREADY_SENT;
}
