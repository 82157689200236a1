import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { plainEvent, publishBatch, publishResult } from "../../contract/events.ts";
import { LIMITS } from "../../contract/limits.ts";
import { label, offset, position, timestamp, topicName } from "../../contract/names.ts";
import { problemResponses } from "./problems.ts";

/** An event as it is delivered, and as structured mode takes it. */
export const cloudEventSchema = z
  .looseObject({
    specversion: z.literal("1.0"),
    id: z.string(),
    type: z.string(),
    source: z.string(),
    partitionkey: z.string().optional().meta({ description: "The event's key." }),
    time: z.string().optional(),
    subject: z.string().optional(),
    dataschema: z.string().optional(),
    datacontenttype: z.string().optional(),
    data: z.unknown().optional(),
    data_base64: z.string().optional(),
  })
  .meta({ id: "CloudEvent", description: "CloudEvents 1.0 in JSON; extension attributes stand beside these members." });

export const storedEventSchema = cloudEventSchema
  .extend({
    topic: topicName,
    sequence: z.string().meta({ description: "The event's offset, in decimal digits." }),
    recordedtime: z.string(),
  })
  .meta({ id: "StoredEvent", description: "An event as everybody receives it." });

const EXAMPLE = { type: "payment.succeeded", key: "order-1", id: "p-1", data: { amount: 1.1 } };
export const STORED_EVENT = {
  specversion: "1.0",
  id: "p-1",
  type: "payment.succeeded",
  source: "/",
  topic: "payments",
  sequence: "1",
  recordedtime: "2026-11-20T21:00:00.000Z",
  partitionkey: "order-1",
  datacontenttype: "application/json",
  data: { amount: 1.1 },
};
const FRAME_NAMES = `The frames of a stream, each with \`id:\` where it moves the place of a client:
- without a name: an event; \`id:\` is its offset, \`data:\` the event.
- \`caught-up {offset}\`: every event up to \`offset\` was looked at; what follows is live. Once a connection.
- \`gap {requested, firstAvailable}\`: retention has taken the events from \`requested\` on; following goes on with \`firstAvailable\`.
- \`ahead {requested, head}\`: the topic ends at \`head\`, before the place asked for, as after a restore; following goes on from there.
- \`passed {offset}\`: nothing up to \`offset\` passed the filter, some ten thousand events; a client that comes back goes on from there.
- \`removed {}\`: the topic was removed, and the stream ends; do not come back.

A comment every 15 s. The answer is chunked: one that breaks off has no last chunk.`;

const gapSchema = z.object({ requested: offset, firstAvailable: offset }).meta({
  description:
    "Only when retention has taken events between the place asked for and the first one there is; asked by `key`, when it has taken events of that key, or may have.",
});
const aheadSchema = z.object({ requested: position, head: position }).meta({
  description: "Only when `after` lies beyond the head, as after a restore.",
});

const FRAMES = `retry: 2000

id: 1
data: ${JSON.stringify(STORED_EVENT)}

id: 1
event: caught-up
data: {"offset":1}
`;

export const eventPaths: ZodOpenApiPathsObject = {
  "/topics/{topic}/events": {
    post: {
      operationId: "publishEvents",
      tags: ["Events"],
      summary: "Publish events",
      description: [
        "Stores one event or a batch, flushed to disk before the answer, and by that publishes it. All or nothing.",
        "An event's name is its `source` (`/` unless given) and its `id` together. Repeating a request is harmless: an event that the topic holds gives its first offset with `duplicate: true`. Another type, key or data under a used name is refused with `id-reused` and the offset of the first one.",
        "`expect` names, per key, the offset of the key's last event (0 = none); when it does not hold, 409 with the actual offsets. Keys whose events retention has taken are remembered; where that memory ends, `history-purged`.",
        `At most ${LIMITS.maxEventsPerRequest} events, ${LIMITS.maxEventBytes} bytes each and ${LIMITS.maxRequestBytes} bytes in all.`,
        "CloudEvents binary mode: the attributes in `ce-*` headers, the data as the body, with its own content type.",
      ].join(" "),
      requestParams: { path: z.object({ topic: topicName }) },
      requestBody: {
        required: true,
        content: {
          "application/json": { schema: z.union([plainEvent, publishBatch]), example: EXAMPLE },
          "application/cloudevents+json": { schema: cloudEventSchema },
          "application/cloudevents-batch+json": { schema: z.array(cloudEventSchema).min(1) },
          "*/*": { schema: { type: "string", format: "binary", description: "Binary mode, with `ce-*` headers." } },
        },
      },
      responses: {
        "201": {
          description: "Stored. One entry per event, in the order sent.",
          content: {
            "application/json": {
              schema: publishResult,
              example: { events: [{ id: "p-1", offset: 1, duplicate: false }] },
            },
          },
        },
        ...problemResponses([
          "malformed-json",
          "invalid-utf8",
          "invalid-input",
          "topic-not-found",
          "unexpected-offset",
          "history-purged",
          "id-reused",
          "payload-too-large",
          "unsupported-media-type",
          "queue-full",
          "shutting-down",
        ]),
      },
    },
    get: {
      operationId: "readEvents",
      tags: ["Events"],
      summary: "Read a page of events, or follow the topic",
      description: [
        "As `application/json`, one page. As `text/event-stream`, the events after a place and then every new one as it is recorded:",
        "`caught-up` says that what follows is live, `gap` that retention has passed the place asked for, `ahead` that the topic ends before it; the answer tells all frames.",
        "A follower that reconnects with `Last-Event-ID` goes on without a gap or a duplicate.",
        "Without a place, a page starts with the first event and a follower with the next new one.",
      ].join(" "),
      requestParams: {
        path: z.object({ topic: topicName }),
        query: z.object({
          after: position.optional().meta({ description: "Offsets greater than this (`order=desc`: smaller)." }),
          from: z
            .union([z.enum(["earliest", "latest"]), timestamp])
            .optional()
            .meta({
              description:
                "Instead of `after`: a place by name, or the first event recorded at or after an RFC 3339 time.",
            }),
          limit: z
            .int()
            .min(1)
            .max(LIMITS.maxPageEvents)
            .optional()
            .meta({ description: "Events per page. Pages only." }),
          order: z.enum(["asc", "desc"]).optional().meta({ description: "Pages only." }),
          types: z
            .union([z.string(), z.array(label)])
            .optional()
            .meta({
              description:
                "Only these types. Given once: a list separated by commas. Given more than once: each is one type, commas and all; for a single one that holds a comma, give it twice.",
            }),
          key: z
            .union([label, z.array(label)])
            .optional()
            .meta({ description: "Only events of this key; given more than once, of any of these." }),
        }),
        header: z.object({
          accept: z.string().optional().meta({ description: "`text/event-stream` to follow." }),
          "last-event-id": z
            .string()
            .optional()
            .meta({ description: "The last offset received; goes before `after`." }),
        }),
      },
      responses: {
        "200": {
          description: `A page, or the stream.\n\n${FRAME_NAMES}`,
          content: {
            "application/json": {
              schema: z.object({
                events: z.array(storedEventSchema),
                next: offset.nullable(),
                gap: gapSchema.optional(),
                ahead: aheadSchema.optional(),
              }),
              example: { events: [STORED_EVENT], next: null },
            },
            "text/event-stream": { schema: { type: "string" }, example: FRAMES },
          },
        },
        ...problemResponses(["invalid-input", "topic-not-found", "too-many-streams", "shutting-down"]),
      },
    },
  },
  "/topics/{topic}/events/{offset}": {
    get: {
      operationId: "readEvent",
      tags: ["Events"],
      summary: "Read one event by its offset",
      requestParams: { path: z.object({ topic: topicName, offset }) },
      responses: {
        "200": {
          description: "The event.",
          content: { "application/json": { schema: storedEventSchema, example: STORED_EVENT } },
        },
        ...problemResponses(["invalid-input", "topic-not-found", "event-not-found"]),
      },
    },
  },
};
