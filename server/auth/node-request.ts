import type { IncomingMessage, ServerResponse } from "node:http";
import { PEER_HEADER } from "./people.ts";

/** Whether the browser spoke HTTPS, to us or to the proxy in front. */
export function isSecureRequest(req: IncomingMessage): boolean {
  return "encrypted" in req.socket || req.headers["x-forwarded-proto"] === "https";
}

/** The request's headers for sign-in, with the peer's address as only we know it. */
export function headersOf(req: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(req.headers)) {
    if (value === undefined || name.startsWith(":")) continue;
    for (const it of Array.isArray(value) ? value : [value]) headers.append(name, it);
  }
  headers.set(PEER_HEADER, req.socket.remoteAddress ?? "");
  return headers;
}

/** A small request, its body read already, as the web's `Request`. */
export function requestOf(req: IncomingMessage, body: Buffer): Request {
  const method = req.method ?? "GET";
  const url = new URL(
    req.url ?? "/",
    `${isSecureRequest(req) ? "https" : "http"}://${req.headers.host ?? "localhost"}`,
  );
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(url, { method, headers: headersOf(req), body: hasBody ? new Uint8Array(body) : null });
}

/** Writes a small answer; every cookie in a header of its own. */
export async function sendResponse(res: ServerResponse, response: Response): Promise<void> {
  res.statusCode = response.status;
  for (const [name, value] of response.headers) if (name !== "set-cookie") res.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) res.setHeader("set-cookie", cookies);
  res.end(Buffer.from(await response.arrayBuffer()));
}
