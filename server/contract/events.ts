import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { attributeText, eventTime, label, offset, position } from "./names.ts";

/** CloudEvents 1.0 extension names, less those that Millrace writes itself. (20 characters are what it recommends.) */
export const extensionName = z.string().regex(/^[a-z0-9]{1,256}$/, "must be 1 to 256 lower-case letters or digits");
export const extensionValue = z.union([attributeText, z.boolean(), z.int32()]);

/** The plain form of an event: `POST /v1/topics/{topic}/events` with `application/json`. */
export const plainEvent = z.strictObject({
  type: label,
  /** Groups events that belong together; order is promised per key. */
  key: label.optional(),
  /** Any JSON. Comes back as the very text that was sent. */
  data: z.unknown().optional(),
  /** Names the event together with `source`, which makes a repeat harmless: it gives the first offset, `duplicate: true`. */
  id: label.optional(),
  /** When it happened, by the producer's clock. */
  time: eventTime.optional(),
  /** A URI reference naming the producer, whose ids are its own. Default: `/`. */
  source: attributeText.min(1).optional(),
  subject: attributeText.min(1).optional(),
  dataschema: attributeText.min(1).optional(),
  /** CloudEvents extension attributes, such as `correlationid` and `causationid`. */
  extensions: z.record(extensionName, extensionValue).optional(),
});
export type PlainEvent = z.infer<typeof plainEvent>;

/** Per key, the offset of the key's last event, or 0 for none. */
export const expectation = z.record(label, position);

export const publishBatch = z.strictObject({
  events: z
    .array(plainEvent)
    .min(1, "must hold at least one event")
    .max(LIMITS.maxEventsPerRequest, `must hold at most ${LIMITS.maxEventsPerRequest} events`),
  expect: expectation.optional(),
});

export const publishedEvent = z.object({ id: z.string(), offset, duplicate: z.boolean() });
export type PublishedEvent = z.infer<typeof publishedEvent>;
export const publishResult = z.object({ events: z.array(publishedEvent) });
export type PublishResult = z.infer<typeof publishResult>;

/**
 * An event as everybody receives it: CloudEvents 1.0 in JSON. `partitionkey` is the event's key, `sequence` its offset
 * in decimal digits; `topic` and `recordedtime` are extensions.
 */
export interface CloudEvent<Data = unknown> {
  readonly specversion: "1.0";
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly topic: string;
  readonly sequence: string;
  readonly recordedtime: string;
  readonly partitionkey?: string;
  readonly time?: string;
  readonly subject?: string;
  readonly dataschema?: string;
  readonly datacontenttype?: string;
  readonly data?: Data;
  readonly data_base64?: string;
  readonly [extension: string]: unknown;
}

/** One event of a page as the control room receives it: the CloudEvent as text, so that no digit of its data is lost. */
export const eventRow = z.object({
  offset,
  id: z.string(),
  type: z.string(),
  key: z.string().nullable(),
  recordedAt: z.string(),
  /** The whole CloudEvent, as JSON text. */
  json: z.string(),
});
export type EventRow = z.infer<typeof eventRow>;

/** The part of a read besides its place: events of these types, of this key. */
export const eventFilter = z.strictObject({
  types: z.array(label).min(1).max(LIMITS.maxFilterValues).optional(),
  key: label.optional(),
});
