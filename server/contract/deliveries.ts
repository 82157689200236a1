import { z } from "zod";
import { LIMITS } from "./limits.ts";
import { memberName } from "./names.ts";

/** `POST /v1/consumers/{consumer}/deliveries`: takes deliveries as one JSON answer instead of a stream. */
export const pullRequest = z.strictObject({
  member: memberName.optional().meta({
    description: "This instance's name. Without one a name is made up. It counts with the first pull of a session.",
  }),
  session: z
    .string()
    .min(1, "must not be empty")
    .max(64, "must be at most 64 characters")
    .optional()
    .meta({ description: "Of an earlier answer: that session goes on. Without one a new session begins." }),
  max: z
    .int()
    .min(1, "must be 1 or more")
    .max(LIMITS.maxDeliveriesPerPull, `must be at most ${LIMITS.maxDeliveriesPerPull}`)
    .default(100)
    .meta({ description: "Deliveries in the answer." }),
  waitMs: z
    .int()
    .min(0, "must be 0 or more")
    .max(60_000, "must be at most 60000")
    .default(0)
    .meta({ description: "Milliseconds to wait for the first delivery; 0 = what is there now." }),
  lastEventId: z.string().max(128).optional().meta({
    description:
      "The id of the last delivery that arrived, with `session`: unsettled ones after it are sent again. For an answer that was lost.",
  }),
});
