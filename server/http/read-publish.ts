import type { IncomingMessage } from "node:http";
import { LIMITS } from "../contract/limits.ts";
import { isBinaryMode, mediaType, parseBinaryEvent } from "./binary-event.ts";
import { parseCloudEvent, parseCloudEventBatch, unsupportedMediaType } from "./cloud-events.ts";
import type { EventLimits } from "./event-limits.ts";
import { type PublishRequest, parsePlainEvents } from "./plain-events.ts";
import { decodeUtf8, readBody } from "./read-body.ts";

const READERS: Readonly<Record<string, (text: string, limits: EventLimits) => PublishRequest>> = {
  "application/json": parsePlainEvents,
  "application/cloudevents+json": parseCloudEvent,
  "application/cloudevents-batch+json": parseCloudEventBatch,
};

/** Reads and checks the events of a request, in whichever of the four forms it has. */
export async function readPublish(req: IncomingMessage, limits: EventLimits): Promise<PublishRequest> {
  const { headers } = req;
  const type = mediaType(headers["content-type"]);
  const isBinary = !type.startsWith("application/cloudevents") && isBinaryMode(headers);
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined;
  // Before the body: what cannot be read need not be sent.
  if (!isBinary && read === undefined) throw unsupportedMediaType(headers["content-type"]);
  // An event with base64 or escapes is larger on the wire than in the log.
  const body = await readBody(req, { maxBytes: Math.max(LIMITS.maxRequestBytes, 2 * limits.maxEventBytes) });
  if (isBinary || read === undefined) return parseBinaryEvent(headers, body, limits);
  return read(decodeUtf8(body), limits);
}
