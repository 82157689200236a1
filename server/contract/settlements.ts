import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { epoch, label, offset, partition, reason, topicName } from "./names.ts";

/**
 * Changes to the consumer's state, committed together with the settlement that carries them: all of them if every
 * expectation holds, otherwise the request is refused as `state-conflict`.
 */
export const stateChange = z.strictObject({
  set: z.record(label, z.unknown()).optional().meta({ description: "Per entry its new value, any JSON." }),
  delete: z
    .array(label)
    .max(LIMITS.maxStateEntriesPerSettlement)
    .optional()
    .meta({ description: "Entries that go; one that is absent is no error." }),
  expect: z
    .record(label, z.int().min(0))
    .optional()
    .meta({ description: "Per entry the version it must have before the change; 0 = it must be absent." }),
  increment: z.record(label, z.number()).optional().meta({
    description:
      "Per entry what is added to its number, exactly as long as all digits stay within 2^53; an absent one counts as 0.",
  }),
});
export type StateChange = z.infer<typeof stateChange>;

/** The failure of a handler. Longer texts are cut at the bound rather than refused: they come from elsewhere. */
export const deliveryError = z.strictObject({
  name: z.string().min(1, "must not be empty").max(256, "must be at most 256 characters"),
  message: z.string().transform((text) => text.slice(0, LIMITS.maxErrorMessageCharacters)),
  stack: z
    .string()
    .transform((text) => text.slice(0, LIMITS.maxErrorStackCharacters))
    .optional(),
});
export type DeliveryError = z.infer<typeof deliveryError>;

/**
 * A member's answer to a delivery.
 * `ack`: done. `retry`: failed; it comes again by the retry policy, or after `delayMs`. `dead-letter`: failed for good.
 * `skip`: not wanted, for a `reason`; kept as discarded. `extend`: still at work.
 */
export const settlement = z.strictObject({
  topic: topicName.optional().meta({
    description: "Required, but with `extend`: without it all that is in flight of the partition is meant.",
  }),
  partition,
  epoch: epoch.meta({ description: "Of the delivery; an older one is refused as `stale-epoch`." }),
  offset: offset.optional().meta({
    description: "Required, but with `extend`: without it all that is in flight of the topic is meant.",
  }),
  outcome: z.enum(["ack", "retry", "dead-letter", "skip", "extend"]),
  attempt: z
    .int()
    .min(1)
    .optional()
    .meta({ description: "Of the delivery; makes a repeated `retry` or `dead-letter` harmless." }),
  error: deliveryError
    .optional()
    .meta({ description: "Required with `dead-letter`, goes with `retry`. Long texts are cut." }),
  delayMs: z
    .int()
    .min(0)
    .max(604_800_000)
    .optional()
    .meta({ description: "With `retry`: milliseconds until the next attempt, instead of the policy's." }),
  reason: reason.optional().meta({ description: "Required with `skip`: why." }),
  state: stateChange
    .optional()
    .meta({ description: "Committed together with the settlement. Goes with any outcome but `extend`." }),
});
export type Settlement = z.infer<typeof settlement>;

/**
 * `POST /v1/consumers/{consumer}/settlements`: all of them take effect, or none, as long as they are one member's. Of the
 * settlements of members at several instances each instance's take effect or none.
 */
export const settlementRequest = z.strictObject({
  settlements: z
    .array(settlement)
    .min(1, "must hold at least one settlement")
    .max(LIMITS.maxSettlementsPerRequest, `must hold at most ${LIMITS.maxSettlementsPerRequest} settlements`),
});
export type SettlementRequest = z.infer<typeof settlementRequest>;

export const settlementResult = z.object({
  /** How many settlements took effect (a repeat of one that had counts as well). */
  settled: z.int(),
  /**
   * Indexes of settlements that do not count, because the delivery was taken back: an earlier event of its sequence has
   * failed, and this one comes again after it. Absent when there are none.
   */
  superseded: z.array(z.int()).optional(),
});
export type SettlementResult = z.infer<typeof settlementResult>;

/** The part of a delivery frame that is about the delivery; the event stands beside it. */
export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly epoch: number;
  /** 1 for the first delivery. */
  readonly attempt: number;
  /** The event was handled before: a position was moved back over it, or an operation replays it. */
  readonly replay: boolean;
  /** The event may have been given to this session before: the stream was resumed. */
  readonly redelivered: boolean;
  /** The event was parked: it comes out of the order of offsets, in the order of its sequence. */
  readonly parked?: true;
  /** The redrive or replay it is delivered for. */
  readonly operation?: string;
}

/**
 * `event: parked`: an event was parked, and every later event of its sequence that was delivered before this frame is
 * taken back: it is not to be handled, and comes again in its turn. `key` null: nothing else belongs to it. Only streams
 * that ask for `order=pipelined` are told, and need to be.
 */
export interface ParkedNotice {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
}
