import { isUtf8 } from "node:buffer";
import type { IncomingHttpHeaders } from "node:http";
import type { FieldProblem } from "../domain/errors.ts";
import { sliceRoot } from "../domain/json-slices.ts";
import { eventOf } from "./cloud-events.ts";
import { type EventLimits, requireFits } from "./event-limits.ts";
import type { PublishRequest } from "./plain-events.ts";
import { decodeUtf8, parseJson } from "./read-body.ts";

/** Whether a request carries an event in CloudEvents binary mode. */
export function isBinaryMode(headers: IncomingHttpHeaders): boolean {
  return headers["ce-specversion"] !== undefined || headers["ce-id"] !== undefined || headers["ce-type"] !== undefined;
}

/**
 * CloudEvents binary mode (HTTP protocol binding 1.0.2, section 3.1): attributes in `ce-*` headers, the body is the
 * data. JSON keeps its text; any other content type keeps its bytes. Fields are named by their header.
 */
export function parseBinaryEvent(headers: IncomingHttpHeaders, body: Buffer, limits: EventLimits): PublishRequest {
  const attributes: Record<string, string> = Object.create(null);
  const faults: FieldProblem[] = [];
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith("ce-") || typeof value !== "string") continue;
    const name = header.slice(3);
    const decoded = decodeHeader(value);
    if (decoded === null) faults.push({ field: header, message: "is not UTF-8" });
    else if (name === "datacontenttype" || name === "data") {
      faults.push({ field: header, message: "is not a header in binary mode: Content-Type and the body stand for it" });
    } else attributes[name] = decoded;
  }
  const contentType = headers["content-type"];
  if (contentType !== undefined) attributes.datacontenttype = contentType;
  const isJson = contentType !== undefined && isJsonType(contentType);
  const data = isJson && body.length > 0 ? jsonOf(body) : null;
  const bytes = isJson || body.length === 0 ? null : body;
  const event = eventOf(attributes, { text: data?.text ?? null, bytes }, { faults, nameOf: headerOf });
  requireFits({ event, dataDepth: data?.depth ?? 0, at: "" }, limits);
  return { events: [event], expect: null };
}

function jsonOf(body: Buffer): { text: string; depth: number } {
  const text = decodeUtf8(body);
  parseJson(text);
  return sliceRoot(text);
}

function headerOf(attribute: string): string {
  return attribute === "datacontenttype" ? "Content-Type" : `ce-${attribute}`;
}

/**
 * One round of unquoting, then one of percent-decoding, as the binding says (section 3.1.3.2); null when that gives no
 * UTF-8. What producers leave unencoded is taken as it is: a `%` that begins no escape, and UTF-8 itself, which Node
 * hands over byte for byte as Latin-1.
 */
function decodeHeader(value: string): string | null {
  const unquoted = /^".*"$/.test(value) && value.length > 1 ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
  const bytes = unquoted.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const decoded = Buffer.from(bytes, "latin1");
  return isUtf8(decoded) ? decoded.toString("utf8") : null;
}

/** `application/json` and everything that ends in `+json`, whatever its parameters. */
export function isJsonType(contentType: string): boolean {
  const type = mediaType(contentType);
  return type === "application/json" || type.endsWith("+json");
}

/** The type without its parameters, in lower case. */
export function mediaType(contentType: string | undefined): string {
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}
