import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { DomainError } from "../domain/errors.ts";

export interface ReadBodyOptions {
  readonly maxBytes: number;
  /** From the first wait to the last byte. */
  readonly timeoutMs?: number;
}

/** The client went away before its request was whole: there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

const TIMEOUT_MS = 30_000;
const BYTE_ORDER_MARK = 0xfeff;

/**
 * The whole body. Throws `payload-too-large` (at once when `Content-Length` says so, else before the byte too many is
 * kept), `unsupported-media-type` for a `Content-Encoding`, `invalid-input` when it does not arrive in time.
 */
export function readBody(req: IncomingMessage, options: ReadBodyOptions): Promise<Buffer> {
  const { maxBytes, timeoutMs = TIMEOUT_MS } = options;
  const encoding = req.headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    return Promise.reject(
      new DomainError("unsupported-media-type", `Content-Encoding ${encoding} is not taken; send the body as it is.`),
    );
  }
  if (Number(req.headers["content-length"] ?? 0) > maxBytes) return Promise.reject(bodyTooLarge(maxBytes));
  return new Promise((resolve, reject) => {
    let first: Buffer | null = null;
    let more: Buffer[] | null = null;
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > maxBytes) finish(bodyTooLarge(maxBytes));
      else if (first === null) first = chunk;
      else if (more === null) more = [first, chunk];
      else more.push(chunk);
    };
    const onEnd = (): void => finish(null);
    const onClose = (): void => finish(new ClientGone("the client left before its request was whole"));
    const timer = setTimeout(() => {
      const message = `The body did not arrive within ${timeoutMs} ms.`;
      finish(new DomainError("invalid-input", message, { fields: [{ field: "", message: "did not arrive in time" }] }));
    }, timeoutMs);
    const finish = (error: Error | null): void => {
      clearTimeout(timer);
      req.off("data", onData);
      req.off("end", onEnd);
      req.off("error", onClose);
      req.off("close", onClose);
      if (error !== null) reject(error);
      else resolve(more === null ? (first ?? Buffer.alloc(0)) : Buffer.concat(more, length));
    };
    req.on("data", onData);
    req.on("end", onEnd);
    req.on("error", onClose);
    req.on("close", onClose);
    if (req.destroyed || req.readableEnded) onClose();
  });
}

function bodyTooLarge(maxBytes: number): DomainError {
  return new DomainError("payload-too-large", `The body is larger than ${maxBytes} bytes.`, { facts: { maxBytes } });
}

/** Throws `invalid-utf8`. A byte order mark is not part of the text. */
export function decodeUtf8(bytes: Buffer): string {
  // Replacing what cannot be decoded would store something else than was sent.
  if (!isUtf8(bytes)) throw new DomainError("invalid-utf8", "The body is not valid UTF-8.");
  const text = bytes.toString("utf8");
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text;
}

/** Throws `malformed-json` with the place, as far as it is known. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { message } = cause as SyntaxError;
    const found = /position (\d+)/.exec(message)?.[1];
    const position = found === undefined ? (/end of JSON/.test(message) ? text.length : null) : Number(found);
    throw new DomainError("malformed-json", `The body is not JSON: ${message}`, {
      cause,
      ...(position === null ? {} : { facts: { position } }),
    });
  }
}
