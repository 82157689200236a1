import { z } from "zod";
import { epoch, label, offset, partition, topicName } from "./names.ts";
import type { Delivery, ParkedNotice } from "./settlements.ts";

/** The part of a delivery that is about the delivery; the event stands beside it. */
export const delivery = z
  .object({
    topic: topicName,
    partition,
    offset,
    epoch: epoch.meta({ description: "Of the lease that the event is delivered under. Settlements repeat it." }),
    attempt: z.int().min(1).meta({ description: "1 for the first delivery." }),
    replay: z.boolean().meta({
      description: "The consumer has handled the event before: a position was moved back, or an operation replays it.",
    }),
    redelivered: z.boolean().meta({
      description:
        "The event may have been given to this session before: the session was resumed. `attempt` is the same.",
    }),
    parked: z
      .literal(true)
      .exactOptional()
      .meta({ description: "The event was parked. It comes out of the order of offsets, in the order of its key." }),
    operation: z.uuid().exactOptional().meta({ description: "The redrive or replay that the event is delivered for." }),
  })
  .meta({ id: "Delivery", description: "One event as it is handed to one member." }) satisfies z.ZodType<Delivery>;

const assigned = z.array(z.object({ partition, epoch }));

/** The named frames of a member's stream: what stands in their `data`. */
export const MEMBER_FRAMES = {
  session: z.object({
    session: z.string().meta({ description: "Stands in the ids of the session's deliveries." }),
    member: label,
    resumed: z.boolean().meta({ description: "The session of `Last-Event-ID` goes on. False: a new one has begun." }),
    inFlight: z.int().min(0).meta({ description: "Deliveries of the session that are not settled." }),
  }),
  assignment: z.object({
    partitions: assigned.meta({ description: "All partitions that the member has now; none = it stands by." }),
  }),
  revoked: z.object({
    reason: z.enum([
      "rebalance",
      "lease-lost",
      "partitions-changed",
      "consumer-changed",
      "ack-timeout",
      "left",
      "replaced",
      "moved",
      "shutting-down",
    ]),
    partitions: z.array(partition),
  }),
  reset: z.object({
    change: z.uuid().meta({ description: "The position change." }),
    partitions: assigned.meta({ description: "All partitions that the member has now, under their new epochs." }),
  }),
  parked: z.object({
    topic: topicName,
    partition,
    offset,
    key: z.string().nullable(),
  }) satisfies z.ZodType<ParkedNotice>,
  paused: z.object({
    kind: z.enum(["operator", "halted", "breaker"]),
    reason: z.string(),
    until: z.string().nullable(),
  }),
  resumed: z.object({}),
  "caught-up": z.object({ topics: z.array(z.object({ topic: topicName, offset: z.int().min(0) })) }),
} as const;
export type MemberFrameName = keyof typeof MEMBER_FRAMES;
