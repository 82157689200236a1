import { z } from "zod";
import { consumerName, label, offset, reason, timestamp, topicName } from "./names.ts";

export const operationKind = z.enum(["redrive", "discard", "restore", "replay"]);
export type OperationKind = z.infer<typeof operationKind>;
export const operationStatus = z.enum(["queued", "running", "paused", "done", "aborted", "failed"]);
export type OperationStatus = z.infer<typeof operationStatus>;

/** A long job that an operator started. */
export const operation = z.object({
  id: z.uuid(),
  consumer: consumerName,
  kind: operationKind,
  status: operationStatus,
  /** Events that the operation takes up in all, as counted when it began. */
  total: z.int(),
  /** Taken up so far. */
  done: z.int(),
  /** Of those, settled well (discards and restores: carried out). */
  ok: z.int(),
  /** Of those, failed again. */
  failed: z.int(),
  /** Taken up per second: the bound it was given, null = none. */
  rate: z.number().nullable(),
  /** As measured since it started; null before. */
  ratePerSecond: z.number().nullable(),
  etaMs: z.number().nullable(),
  actor: z.string(),
  reason: z.string(),
  /** The request: a selection of parked events, or a replay's range. */
  filter: z.record(z.string(), z.unknown()),
  canary: z.boolean(),
  stopAfterFailures: z.int().nullable(),
  /** Why it stopped by itself. */
  note: z.string().nullable(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
});
export type Operation = z.infer<typeof operation>;

export const operationQuery = z.strictObject({
  consumer: consumerName.optional(),
  /** Only those that are queued, running or paused. */
  open: z.enum(["true", "false"]).optional(),
  limit: z.int().min(1).max(500).default(100),
});
/** Newest first. */
export const operationList = z.object({ operations: z.array(operation) });

export const operationChange = z.strictObject({
  /** Taken up per second; null = without a bound. */
  rate: z.number().gt(0).max(10_000).nullable(),
});

/** `POST /v1/consumers/{consumer}/replays`: delivers a range again, and leaves the position alone. */
export const replayRequest = z
  .strictObject({
    topic: topicName,
    fromOffset: offset.optional(),
    toOffset: offset.optional(),
    fromTime: timestamp.optional(),
    toTime: timestamp.optional(),
    types: z.array(label).min(1).max(64).optional(),
    keys: z.array(label).min(1).max(64).optional(),
    rate: z.number().gt(0).max(10_000).optional(),
    reason,
  })
  .refine((it) => it.fromOffset === undefined || it.fromTime === undefined, {
    message: "give fromOffset or fromTime, not both",
    path: ["fromTime"],
  })
  .refine((it) => it.toOffset === undefined || it.toTime === undefined, {
    message: "give toOffset or toTime, not both",
    path: ["toTime"],
  })
  .refine(({ fromOffset = 0, toOffset = fromOffset }) => toOffset >= fromOffset, {
    message: "lies before fromOffset",
    path: ["toOffset"],
  })
  .refine(
    ({ fromTime, toTime }) =>
      fromTime === undefined || toTime === undefined || Date.parse(toTime) >= Date.parse(fromTime),
    { message: "lies before fromTime", path: ["toTime"] },
  );
export type ReplayRequest = z.infer<typeof replayRequest>;

/** The preview of a replay: so many events of the range would be delivered again. */
export const replayPreview = z.object({ total: z.int(), fromOffset: offset, toOffset: offset });
export type ReplayPreview = z.infer<typeof replayPreview>;
