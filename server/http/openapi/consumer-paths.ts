import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { pullRequest } from "../../contract/deliveries.ts";
import { delivery } from "../../contract/member-frames.ts";
import { consumerName, memberName as nameOfMember } from "../../contract/names.ts";
import { settlementRequest, settlementResult } from "../../contract/settlements.ts";
import { storedEventSchema } from "./events-paths.ts";
import { DELIVERY, MEMBER_FRAMES_TEXT, MEMBER_STREAM } from "./member-frames.ts";
import { problemResponses } from "./problems.ts";

const memberName = nameOfMember.meta({
  description: "This instance's name, one for each process. Without one a name is made up; `session` tells it.",
});
const SESSION_RULE =
  "A session outlives its connection by the consumer's `reconnectGraceMs`. Within it a client that comes back with the id of the last delivery it received goes on, under the same epochs: what it was sent up to there stays in flight, unsettled deliveries after it are sent again with their old ids and `redelivered: true`, and its late settlements count. At another instance everything unsettled is sent again, with new ids. A session that is over, or unknown, is followed by a new one.";
const place = z.string().meta({
  description: "`<session>.<n>`: the id of the last delivery received. Any other form is refused.",
});

export const pullResult = z.object({
  session: z.string().meta({ description: "To be sent with the next pull." }),
  member: nameOfMember,
  deliveries: z.array(z.object({ id: z.string(), delivery, event: storedEventSchema })),
});

export const consumerPaths: ZodOpenApiPathsObject = {
  "/consumers/{consumer}/events": {
    get: {
      operationId: "consumeEvents",
      tags: ["Consumers"],
      summary: "Join a consumer as a member and receive deliveries",
      description: [
        "A member is given its share of the partitions by lease, and their events as deliveries, each to be answered by a settlement.",
        "Of one key (of a topic-ordered consumer: of one partition) at most one event is with the members and unsettled; the next one is sent when that is settled. Events of other keys are sent ahead of settlement, up to `maxInFlight`. `order=pipelined` sends later events of a key as well, to clients that understand `parked`.",
        SESSION_RULE,
        "A name belongs to one connected session at a time: others are refused with `member-name-taken`. A session without a connection makes way at once for a newcomer of its name.",
        "The time to answer, `ackTimeoutMs`, counts for each delivery from when it was sent or from when the one sent before it was settled, whichever is later; past it the delivery has failed, as by `retry`.",
        "A stream that has deliveries in flight, and from whose member no settlement has come for 45 s, is closed: a client that lives comes back with `Last-Event-ID` and goes on.",
        "The position is no part of this: `Last-Event-ID` resumes a session, and never moves a position.",
      ].join(" "),
      requestParams: {
        path: z.object({ consumer: consumerName }),
        query: z.object({
          member: memberName.optional(),
          order: z
            .enum(["strict", "pipelined"])
            .default("strict")
            .meta({ description: "`pipelined` only for a client that takes back what a `parked` frame says." }),
          lastEventId: place.optional().meta({
            description:
              "The same as `Last-Event-ID`, for clients that cannot set a header. The header goes before it.",
          }),
        }),
        header: z.object({ "last-event-id": place.optional() }),
      },
      responses: {
        "200": {
          description: MEMBER_FRAMES_TEXT,
          content: { "text/event-stream": { schema: { type: "string" }, example: MEMBER_STREAM } },
        },
        ...problemResponses([
          "invalid-input",
          "consumer-not-found",
          "member-name-taken",
          "too-many-streams",
          "shutting-down",
        ]),
      },
    },
  },
  "/consumers/{consumer}/deliveries": {
    post: {
      operationId: "pullDeliveries",
      tags: ["Consumers"],
      summary: "Take deliveries as one answer",
      description: [
        "For scripts, cron and functions: the same deliveries as the stream's, in strict order, as one JSON answer, which comes with the first deliveries or after `waitMs`. Settlements are the same, and members that pull share a consumer with members that stream.",
        "The first pull begins a session. Later ones name it in `session`, or `session-ended` tells them to begin anew. It lives for as long as a pull or a settlement comes within the longer of `ackTimeoutMs` and `reconnectGraceMs`; what it holds goes to others after that, or at once with `DELETE …/members/{member}`.",
        "What is in flight is not given again by the next pull. For an answer that was lost, `lastEventId` names the last delivery that arrived: unsettled ones after it are given again with `redelivered: true`.",
        "An answer without deliveries is no error. A pull while another one of its session waits ends that one's wait.",
      ].join(" "),
      requestParams: { path: z.object({ consumer: consumerName }) },
      requestBody: {
        required: true,
        content: {
          "application/json": { schema: pullRequest, example: { member: "nightly", max: 10, waitMs: 20_000 } },
        },
      },
      responses: {
        "200": {
          description: "The session, and what it is given.",
          content: {
            "application/json": {
              schema: pullResult,
              example: { session: DELIVERY.id.split(".")[0], member: "nightly", deliveries: [DELIVERY] },
            },
          },
        },
        ...problemResponses([
          "malformed-json",
          "invalid-utf8",
          "invalid-input",
          "consumer-not-found",
          "member-name-taken",
          "session-ended",
          "payload-too-large",
          "unsupported-media-type",
          "too-many-streams",
          "shutting-down",
        ]),
      },
    },
  },
  "/consumers/{consumer}/members/{member}": {
    delete: {
      operationId: "leaveConsumer",
      tags: ["Consumers"],
      summary: "Say goodbye as a member",
      description:
        "The member does not come back: its session ends, its stream too, and its partitions go to others at once. What it had in flight is delivered again and does not count as lost. A member that is not there is no error.",
      requestParams: {
        path: z.object({ consumer: consumerName, member: nameOfMember }),
        query: z.object({
          session: z
            .string()
            .optional()
            .meta({ description: "Only this session; without it, whichever one the name has." }),
        }),
      },
      responses: {
        "204": { description: "It is gone." },
        ...problemResponses(["invalid-input", "consumer-not-found"]),
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
        "`retry` and `dead-letter` park the event: later events of its key wait behind it, others go on. `retry` is tried again by the consumer's retry policy or after `delayMs`; `dead-letter`, a permanent error, or the last attempt make it a dead letter. `skip` keeps it as discarded. An event that nobody answers for within `ackTimeoutMs` is a `retry` with the error `AckTimeout`.",
        "`extend` starts the time to answer anew: of one delivery, without `offset` of all that is in flight of the topic and partition, without `topic` as well of all that is in flight of the partition.",
        "A settlement counts for as long as the session that was given the delivery lives, connected or not. After that, and after a position change, it is refused with `stale-epoch`; `not-delivered` refuses what was never given under this epoch. `stale`, `undelivered` and `conflicts` name the settlements at fault by their `index`.",
        "`error` is required with `dead-letter` and goes with `retry`; `reason` is required with `skip`; `delayMs` goes with `retry`, and `state` with all but `extend`.",
        "`state.expect` names the version an entry must have (0 = absent; `GET …/state/{key}` gives it, and a write raises it by 1), `state.increment` adds to a number: use one of them for an entry that events of different keys write, or updates are lost. `state-conflict` refuses the request whole and leaves its neighbours alone.",
        "`superseded` names, by index, settlements of deliveries that were taken back because an earlier event of their key has failed.",
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
