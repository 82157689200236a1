import { z } from "zod";
import { consumerRemoval, removal } from "../../contract/bin.ts";
import {
  consumerDeclaration,
  consumerDescription,
  consumerList,
  declaredConsumer,
  pauseRequest,
  resumeRequest,
} from "../../contract/consumers.ts";
import { consumerName } from "../../contract/names.ts";
import { authenticated, router } from "../trpc.ts";

export const consumers = router({
  list: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers",
        tags: ["Consumers"],
        summary: "List the consumers the key may read",
        description:
          "`matching` is counted for as many of them as there is time for, and absent for the others; see the description of one.",
      },
    })
    .output(consumerList)
    .query(async ({ ctx }) => {
      const all = await ctx.services.listConsumers({ hasMatching: true });
      return { consumers: all.filter((it) => ctx.can("read", { consumer: it.consumer })) };
    }),

  get: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}",
        tags: ["Consumers"],
        summary: "Describe a consumer: positions, lag, members, leases",
        description:
          "Where a topic's filter leaves events out, `matching` says how many of its `lag` pass it: exact up to 10,000; `isExact: false` is at least so many, because there are more or there was no time to look at all of them (ask again: the count goes on). `holdsUp` says how far the topic's retention is past its bounds because this consumer has not passed the first event kept.",
      },
    })
    .input(z.strictObject({ consumer: consumerName }))
    .output(consumerDescription)
    .query(({ ctx, input }) => {
      // A member has to know how its consumer is declared, so a key that may consume needs no second scope.
      if (!ctx.can("consume", { consumer: input.consumer })) ctx.require("read", { consumer: input.consumer });
      return ctx.services.describeConsumer(input);
    }),

  declare: authenticated
    .meta({
      openapi: {
        method: "PUT",
        path: "/consumers/{consumer}",
        tags: ["Consumers"],
        summary: "Declare a consumer",
        description:
          "Creates the consumer (201), or changes what is named of an existing one and nothing else (200); `null` puts a default back (`breaker: null` is off), and `changed` says what is another now. `topics`, when named, are all of them: one left out is dropped, but its place, parked events and history are kept, and it goes on from there when it is taken back, unless its `start` is named. `start` counts only for topics that are new to it; a place beyond the head is refused. With `copyFrom`, a new consumer takes over another's settings, positions, parked events and state, all of one instant: the way to build a new version beside the old. Topics that the other does not have begin at their `start`. Takes `operate` on the consumer and `read` on every topic that it is given.",
      },
    })
    .input(consumerDeclaration.extend({ consumer: consumerName, copyFrom: consumerName.optional() }))
    .output(declaredConsumer)
    .mutation(async ({ ctx, input }) => {
      const { consumer, copyFrom, ...declaration } = input;
      ctx.require("operate", { consumer });
      if (copyFrom !== undefined) ctx.require("read", { consumer: copyFrom });
      // Topics of its own that it does not name stay what they are; a copy that names none has those of the other.
      const named = declaration.topics?.map((it) => it.topic);
      if (named !== undefined) await ctx.requireTopicsOf(consumer, named);
      else if (copyFrom !== undefined) await ctx.requireTopicsOf(copyFrom);
      const { created, changed, description } = await ctx.services.declareConsumer({
        consumer,
        declaration,
        ...(copyFrom !== undefined && { copyFrom }),
        actor: ctx.actor,
      });
      if (created) ctx.answer.status = 201;
      return { ...description, created, changed: [...changed] };
    }),

  pause: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/consumers/{consumer}/pause",
        tags: ["Consumers"],
        summary: "Pause a consumer",
        description:
          "Nothing new is delivered, and members get `paused`; what is in flight may be settled. It lasts until `until`, or until somebody resumes.",
      },
    })
    .input(pauseRequest.extend({ consumer: consumerName }))
    .output(consumerDescription)
    .mutation(({ ctx, input }) => {
      ctx.require("operate", { consumer: input.consumer });
      const { consumer, reason, until } = input;
      return ctx.services.pauseConsumer({ consumer, reason, ...(until !== undefined && { until }), actor: ctx.actor });
    }),

  resume: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/consumers/{consumer}/resume",
        tags: ["Consumers"],
        summary: "Resume a consumer",
        description: "Ends a pause. A consumer that was halted by an event out of attempts tries that event anew.",
      },
    })
    .input(resumeRequest.extend({ consumer: consumerName }))
    .output(consumerDescription)
    .mutation(({ ctx, input }) => {
      ctx.require("operate", { consumer: input.consumer });
      return ctx.services.resumeConsumer({ ...input, actor: ctx.actor });
    }),

  remove: authenticated
    .meta({
      openapi: {
        method: "DELETE",
        path: "/consumers/{consumer}",
        tags: ["Consumers"],
        summary: "Remove a consumer",
        description:
          "Goes to the bin, from which it can be restored for some days (`GET /v1/bin`). Ask with `dryRun=true` first: it says what hangs on it, and answers a `token`. Removing takes that token and a `reason`, and is refused (409 `removal-outdated`) with a fresh preview when something else hangs on it by then: consumers or topics came or went, or there are events, parked events or state where there were none. Ordinary progress counts for nothing. The name is free at once, for another consumer. Positions, parked events, state and history go with it, and come back with it; its members are told `removed`, and nothing of before can be settled.",
      },
    })
    .input(consumerRemoval)
    .output(removal)
    .mutation(({ ctx, input }) => {
      const { consumer, dryRun, token, reason } = input;
      ctx.require("operate", { consumer });
      return ctx.services.removeConsumer({
        consumer,
        isDryRun: dryRun === "true",
        token,
        reason,
        mayRead: (it) => ctx.can("read", it),
        actor: ctx.actor,
      });
    }),
});
