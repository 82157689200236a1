import { z } from "zod";
import {
  accountList,
  consumerHistory,
  fateList,
  positionWait,
  processed,
  rateHistory,
  topicHistory,
} from "../../contract/account.ts";
import { consumerName, offset, topicName } from "../../contract/names.ts";
import { authenticated, operator, router } from "../trpc.ts";

const TAG = ["Accounts"];
const MAX_WAIT_MS = 60_000;

const MAX_HOURS = 720;
const hours = z.int().min(1).max(MAX_HOURS).default(24);

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
          "Every offset from 1 to head in exactly one class, with the first ranges of all but the settled ones; `total` is their sum, and equals `head`. One account per topic, or the one of `topic`. Takes `read` on the consumer and on these topics.",
      },
    })
    .input(z.strictObject({ consumer: consumerName, topic: topicName.optional() }))
    .output(accountList)
    .query(async ({ ctx, input }) => {
      const { consumer, topic } = input;
      ctx.require("read", { consumer });
      await ctx.requireTopicsOf(consumer, topic === undefined ? undefined : [topic]);
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
      ctx.require("read", { topic: input.topic });
      const fates = await ctx.services.getFates(input);
      return { ...input, fates: fates.filter((it) => ctx.can("read", { consumer: it.consumer })) };
    }),

  consumerHistory: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/history",
        tags: TAG,
        summary: "Read a consumer's lag and rates over time",
        description:
          "At most 500 points over the last `hours` (24 unless given, 720 at most), oldest first, per topic: the worst lag of each stretch of `resolutionMs`, and rates per second within it; null where they cannot be told. Sampled every 10 s, kept so for a day, every 5 minutes for 30 days.",
      },
    })
    .input(z.strictObject({ consumer: consumerName, hours }))
    .output(consumerHistory)
    .query(({ ctx, input }) => {
      ctx.require("read", { consumer: input.consumer });
      return ctx.services.getConsumerHistory(input);
    }),

  topicHistory: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/topics/{topic}/history",
        tags: TAG,
        summary: "Read a topic's growth over time",
        description:
          "At most 500 points over the last `hours` (24 unless given, 720 at most), oldest first, with the rate of publishing.",
      },
    })
    .input(z.strictObject({ topic: topicName, hours }))
    .output(topicHistory)
    .query(({ ctx, input }) => {
      ctx.require("read", { topic: input.topic });
      return ctx.services.getTopicHistory(input);
    }),

  /** Of the whole environment, over the last hour; no points for whoever may not read all of it. */
  rates: operator.output(rateHistory).query(async ({ ctx }) => {
    const rates = await ctx.services.getRates();
    return ctx.can("read", "installation") ? rates : { ...rates, points: [] };
  }),

  processed: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/processed",
        tags: TAG,
        summary: "Ask whether a consumer has processed an event",
        description:
          "Exact: true when the event was handled, or the position has passed it and the filter of then excluded it, and it is not parked. What a position change skipped or cleared is not processed. An event that is replayed counts as processed until it fails.",
      },
    })
    .input(place)
    .output(processed)
    .query(async ({ ctx, input }) => {
      ctx.require("read", { consumer: input.consumer });
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
      ctx.require("read", { consumer: input.consumer });
      const ends = signal === undefined ? ctx.signal : AbortSignal.any([ctx.signal, signal]);
      return ctx.services.awaitProcessed({ ...input, signal: ends });
    }),
});
