import { z } from "zod";
import { consumerName, label } from "../../contract/names.ts";
import { stateEntry, stateList } from "../../contract/state.ts";
import { authenticated, router } from "../trpc.ts";

export const state = router({
  get: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/state/{key}",
        tags: ["State"],
        summary: "Read one state entry",
        description:
          "`GET /consumers/{consumer}/state?key=…` answers the same, for keys that no path can carry: URL parsers take `.` and `..` away.",
      },
    })
    .input(z.strictObject({ consumer: consumerName, key: label }))
    .output(stateEntry)
    .query(({ ctx, input }) => {
      if (!ctx.can("consume", { consumer: input.consumer })) ctx.require("read", { consumer: input.consumer });
      return ctx.services.getState(input);
    }),

  list: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/state",
        tags: ["State"],
        summary: "List state entries in the order of their keys",
      },
    })
    .input(
      z.strictObject({
        consumer: consumerName,
        /** Only keys that start with this. */
        prefix: label.optional(),
        /** Only keys after this one: `next` of the page before. */
        after: label.optional(),
        limit: z.int().min(1).max(1000).default(100),
      }),
    )
    .output(stateList)
    .query(({ ctx, input }) => {
      const { consumer, limit, prefix, after } = input;
      if (!ctx.can("consume", { consumer })) ctx.require("read", { consumer });
      return ctx.services.listState({
        consumer,
        limit,
        ...(prefix === undefined ? {} : { prefix }),
        ...(after === undefined ? {} : { after }),
      });
    }),
});
