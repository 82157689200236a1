import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { epoch, label, offset, partition, topicName } from "./names.ts";

/** Changes to the consumer's state, committed together with the settlement that carries them. */
export const stateChange = z.strictObject({
  set: z.record(label, z.unknown()).optional(),
  delete: z.array(label).max(LIMITS.maxStateEntriesPerSettlement).optional(),
});
export type StateChange = z.infer<typeof stateChange>;

/** A member's answer to a delivery. */
export const settlement = z.strictObject({
  topic: topicName,
  partition,
  /** The epoch of the lease the event was delivered under; an older one is refused as `stale-epoch`. */
  epoch,
  offset,
  outcome: z.enum(["ack", "extend"]),
  /** With `ack`: settles every delivered event of this partition and topic up to `offset`. */
  upTo: z.boolean().optional(),
  state: stateChange.optional(),
});
export type Settlement = z.infer<typeof settlement>;

/** `POST /v1/consumers/{consumer}/settlements`: all of them take effect, or none. */
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
});
export type SettlementResult = z.infer<typeof settlementResult>;

/** The part of a delivery frame that is about the delivery; the event stands beside it. */
export interface Delivery {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly epoch: number;
  readonly attempt: number;
  readonly replay: boolean;
}
