import { z } from "zod";
import { eventFilter, eventRow } from "../../contract/events.ts";
import { offset, position, timestamp, topicName } from "../../contract/names.ts";
import type { EventFilter } from "../../domain/event-filter.ts";
import { authenticated, router } from "../trpc.ts";

/** Rows of one page of the control room; the browser loads more as it scrolls. */
const MAX_PAGE = 500;

const pageRequest = z
  .strictObject({
    topic: topicName,
    order: z.enum(["asc", "desc"]).default("asc"),
    /** asc: greater offsets. desc: smaller offsets; absent = from the newest. */
    after: position.optional(),
    /** Instead of `after`: start with the first event recorded at or after this time. */
    from: timestamp.optional(),
    limit: z.int().min(1).max(MAX_PAGE).default(100),
    filter: eventFilter.default({}),
  })
  .refine((it) => it.after === undefined || it.from === undefined, {
    message: "give after or from, not both",
    path: ["from"],
  });

const eventPage = z.object({
  rows: z.array(eventRow),
  /** The `after` of the next page in the same order; null at the end. */
  next: position.nullable(),
});

function domainFilter(filter: z.infer<typeof eventFilter>): EventFilter {
  return {
    ...(filter.types === undefined ? {} : { types: filter.types }),
    ...(filter.key === undefined ? {} : { keys: [filter.key] }),
  };
}

// The REST form of these is the data plane's (server/http): it splices stored text and never parses an event.
export const events = router({
  page: authenticated
    .input(pageRequest)
    .output(eventPage)
    .query(async ({ ctx, input }) => {
      ctx.require("read", { topic: input.topic });
      const { topic, order, limit, after, from } = input;
      const { rows, next } = await ctx.services.readEvents({
        topic,
        order,
        limit,
        filter: domainFilter(input.filter),
        ...(after === undefined ? {} : { after }),
        ...(from === undefined ? {} : { from }),
      });
      return { rows: [...rows], next };
    }),

  get: authenticated
    .input(z.strictObject({ topic: topicName, offset }))
    .output(eventRow)
    .query(({ ctx, input }) => {
      ctx.require("read", { topic: input.topic });
      return ctx.services.getEvent(input);
    }),

  /** Offset of the last event recorded before a time; 0 when there is none. */
  offsetBefore: authenticated
    .input(z.strictObject({ topic: topicName, time: timestamp }))
    .output(z.object({ offset: position }))
    .query(async ({ ctx, input }) => {
      ctx.require("read", { topic: input.topic });
      return { offset: await ctx.services.offsetBefore(input) };
    }),
});
