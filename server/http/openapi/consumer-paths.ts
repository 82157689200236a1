import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { consumerName, label } from "../../contract/names.ts";
import { settlementRequest, settlementResult } from "../../contract/settlements.ts";
import { problemResponses } from "./problems.ts";

const FRAMES = `event: assignment
data: {"partitions":[{"partition":0,"epoch":1}]}

id: payments/1
data: {"delivery":{"topic":"payments","partition":0,"offset":1,"epoch":1,"attempt":1,"replay":false},"event":{"specversion":"1.0","id":"p-1","type":"payment.succeeded","source":"/","topic":"payments","sequence":"1","recordedtime":"2026-11-20T21:00:00.000Z"}}

event: parked
data: {"topic":"payments","partition":0,"offset":1,"key":"order-1"}
`;

export const consumerPaths: ZodOpenApiPathsObject = {
  "/consumers/{consumer}/events": {
    get: {
      operationId: "consumeEvents",
      tags: ["Consumers"],
      summary: "Join a consumer as a member and receive deliveries",
      description: [
        "A member is given its share of the partitions by lease, and their events in offset order, ahead of settlement up to `maxInFlight`.",
        "Default frames are deliveries; `assignment`, `revoked`, `reset`, `paused`, `resumed`, `caught-up` and `parked` are named.",
        "`parked` says that an event has failed and waits: every later event of its key that was delivered before this frame is taken back, must not be handled, and comes again in its turn (`key` null: of a topic-ordered consumer everything later, otherwise nothing).",
        "A delivery with `parked: true` comes out of the order of offsets, in the order of its key; `attempt` counts from 1; `operation` names the redrive or replay it belongs to.",
        "A member that answers nothing at all for `ackTimeoutMs` is given up: `revoked` with the reason `ack-timeout`, and the stream ends. Connect again.",
        "The position is the truth: `Last-Event-ID` is ignored here.",
      ].join(" "),
      requestParams: {
        path: z.object({ consumer: consumerName }),
        query: z.object({
          member: label
            .optional()
            .meta({ description: "This instance's name; a second connection of the name replaces the first." }),
        }),
      },
      responses: {
        "200": {
          description: "The stream.",
          content: { "text/event-stream": { schema: { type: "string" }, example: FRAMES } },
        },
        ...problemResponses(["invalid-input", "consumer-not-found", "too-many-streams", "shutting-down"]),
      },
    },
  },
  "/consumers/{consumer}/settlements": {
    post: {
      operationId: "settle",
      tags: ["Consumers"],
      summary: "Settle deliveries",
      description: [
        "All of the settlements take effect, or none, as long as they are one member's; they may be sent to any instance. State changes are committed in the same transaction. Repeating a settlement that counted is harmless.",
        "`retry` and `dead-letter` park the event: later events of its key wait behind it, others go on. `retry` is tried again by the consumer's retry policy or after `delayMs`; `dead-letter`, a permanent error, or the last attempt make it a dead letter. `skip` keeps it as discarded. `extend` starts the time to answer anew. An event that nobody answers for within `ackTimeoutMs` is a `retry` with the error `AckTimeout`.",
        "`error` is required with `dead-letter` and goes with `retry`; `reason` is required with `skip`; `delayMs` goes with `retry`, and `state` with all but `extend`.",
        "`state.expect` names the version an entry must have (0 = absent; `GET …/state/{key}` gives it, and a write raises it by 1), `state.increment` adds to a number: use one of them for an entry that events of different keys write, or updates are lost. `state-conflict` refuses the request whole and leaves its neighbours alone.",
        "`superseded` names settlements of deliveries that were taken back, because an earlier event of their key has failed.",
      ].join(" "),
      requestParams: { path: z.object({ consumer: consumerName }) },
      requestBody: {
        required: true,
        content: {
          "application/json": {
            schema: settlementRequest,
            example: {
              settlements: [
                {
                  topic: "payments",
                  partition: 0,
                  epoch: 1,
                  offset: 1,
                  outcome: "ack",
                  state: { set: { "paid:order-1": { amount: 1.1 } } },
                },
                {
                  topic: "payments",
                  partition: 0,
                  epoch: 1,
                  offset: 2,
                  outcome: "retry",
                  attempt: 1,
                  error: { name: "GatewayError", message: "no answer from the bank" },
                },
              ],
            },
          },
        },
      },
      responses: {
        "200": {
          description: "Settled.",
          content: { "application/json": { schema: settlementResult, example: { settled: 2 } } },
        },
        ...problemResponses([
          "malformed-json",
          "invalid-utf8",
          "invalid-input",
          "consumer-not-found",
          "stale-epoch",
          "not-delivered",
          "state-conflict",
          "payload-too-large",
          "unsupported-media-type",
          "queue-full",
          "shutting-down",
          "holder-unavailable",
        ]),
      },
    },
  },
};
