import type { IncomingMessage, ServerResponse } from "node:http";
import { DomainError } from "../domain/errors.ts";
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

/** Reads the body whole; throws `payload-too-large` as soon as it passes the bound. */
export async function bodyOf(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const tooLarge = () =>
    new DomainError("payload-too-large", `The body is larger than ${maxBytes} bytes.`, { facts: { maxBytes } });
  if (Number(req.headers["content-length"] ?? 0) > maxBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A small request as the web's `Request`. */
export async function requestOf(req: IncomingMessage, maxBytes: number): Promise<Request> {
  const method = req.method ?? "GET";
  const url = new URL(
    req.url ?? "/",
    `${isSecureRequest(req) ? "https" : "http"}://${req.headers.host ?? "localhost"}`,
  );
  const hasBody = method !== "GET" && method !== "HEAD";
  const body = hasBody ? await bodyOf(req, maxBytes) : null;
  return new Request(url, { method, headers: headersOf(req), body: body === null ? null : new Uint8Array(body) });
}

/** Writes a small answer; every cookie in a header of its own. */
export async function sendResponse(res: ServerResponse, response: Response): Promise<void> {
  res.statusCode = response.status;
  for (const [name, value] of response.headers) if (name !== "set-cookie") res.setHeader(name, value);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) res.setHeader("set-cookie", cookies);
  res.end(Buffer.from(await response.arrayBuffer()));
}
