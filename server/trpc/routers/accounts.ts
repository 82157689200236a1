import { z } from "zod";
import { accountList, fateList, positionWait, processed } from "../../contract/account.ts";
import { consumerName, offset, topicName } from "../../contract/names.ts";
import { authenticated, router } from "../trpc.ts";

const TAG = ["Accounts"];
const MAX_WAIT_MS = 60_000;

const place = z.strictObject({ consumer: consumerName, topic: topicName, offset });

export const accounts = router({
  get: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/account",
        tags: TAG,
        summary: "Account for every event of a consumer's topics",
        description:
          "Every offset from 1 to head in exactly one class, with the first ranges of all but the settled ones; `total` is their sum, and equals `head`. One account per topic, or the one of `topic`.",
      },
    })
    .input(z.strictObject({ consumer: consumerName, topic: topicName.optional() }))
    .output(accountList)
    .query(async ({ ctx, input }) => {
      ctx.require("read", input.consumer);
      const { consumer, topic } = input;
      return { accounts: await ctx.services.getAccount({ consumer, ...(topic !== undefined && { topic }) }) };
    }),

  fates: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/topics/{topic}/events/{offset}/deliveries",
        tags: TAG,
        summary: "Say what became of an event, for every consumer",
        description: "One fate per consumer of the topic that the caller may read, with the facts of it in words.",
      },
    })
    .input(z.strictObject({ topic: topicName, offset }))
    .output(fateList)
    .query(async ({ ctx, input }) => {
      ctx.require("read", input.topic);
      const fates = await ctx.services.getFates(input);
      return { ...input, fates: fates.filter((it) => ctx.can("read", it.consumer)) };
    }),

  processed: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/processed",
        tags: TAG,
        summary: "Ask whether a consumer has processed an event",
        description:
          "Exact: true when the event is settled, or the consumer's filter excludes it and the position has passed it, and it is not parked. An event that is replayed counts as processed until it fails.",
      },
    })
    .input(place)
    .output(processed)
    .query(async ({ ctx, input }) => {
      ctx.require("read", input.consumer);
      return { processed: await ctx.services.isProcessed(input) };
    }),

  wait: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/positions/wait",
        tags: TAG,
        summary: "Wait until a consumer has processed an event",
        description:
          "Read your own writes: answers as soon as the event is processed, or with `processed: false` after `timeoutMs` (10 s unless given, 60 s at most). 429 `queue-full` when too many requests wait already.",
      },
    })
    .input(place.extend({ timeoutMs: z.int().min(0).max(MAX_WAIT_MS).default(10_000) }))
    .output(positionWait)
    .query(({ ctx, input, signal }) => {
      ctx.require("read", input.consumer);
      const ends = signal === undefined ? ctx.signal : AbortSignal.any([ctx.signal, signal]);
      return ctx.services.awaitProcessed({ ...input, signal: ends });
    }),
});
