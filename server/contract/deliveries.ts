import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { label } from "./names.ts";

/** `POST /v1/consumers/{consumer}/deliveries`: takes deliveries as one JSON answer instead of a stream. */
export const pullRequest = z.strictObject({
  /** This instance's name; a name is given without one. Only with the first pull of a session. */
  member: label.optional(),
  /** Of an earlier answer: goes on with that session. Without it a new one begins. */
  session: z.string().min(1, "must not be empty").max(64, "must be at most 64 characters").optional(),
  max: z
    .int()
    .min(1, "must be 1 or more")
    .max(LIMITS.maxDeliveriesPerPull, `must be at most ${LIMITS.maxDeliveriesPerPull}`)
    .default(100),
  /** Milliseconds to wait for the first delivery; 0 = what is there now. */
  waitMs: z.int().min(0, "must be 0 or more").max(60_000, "must be at most 60000").default(0),
  /** The id of the last delivery that arrived: unsettled ones after it are sent again. For a lost answer. */
  lastEventId: z.string().max(128).optional(),
});
export type PullRequest = z.infer<typeof pullRequest>;
