import { z } from "zod";
import { consumerName, label, topicName } from "../../contract/names.ts";
import { operation, replayPreview, replayRequest } from "../../contract/operations.ts";
import {
  discardRequest,
  parkedFacets,
  parkedFilter,
  parkedGroups,
  parkedPage,
  parkedQuery,
  redriveRequest,
  sequence,
} from "../../contract/parked.ts";
import { authenticated, router } from "../trpc.ts";
import { withoutUndefined } from "../without-undefined.ts";

const TAG = ["Parked events"];

/** The topics that a filter reaches; undefined = all of the consumer's. */
const topicsOf = ({ topic }: { readonly topic?: string | undefined }) => (topic === undefined ? undefined : [topic]);

export const parked = router({
  list: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/parked",
        tags: TAG,
        summary: "List a consumer's parked events, by topic and offset",
      },
    })
    .input(parkedQuery.extend({ consumer: consumerName }))
    .output(parkedPage)
    .query(async ({ ctx, input }) => {
      ctx.require("read", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer, topicsOf(input));
      return ctx.services.listParked(input);
    }),

  groups: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/parked/groups",
        tags: TAG,
        summary: "Group a consumer's failures by what went wrong",
        description:
          "Failures with the same error class, the same message (numbers, ids and quotes aside) and the same top frame are one group. Most events first, at most 500.",
      },
    })
    .input(z.strictObject({ consumer: consumerName }))
    .output(parkedGroups)
    .query(async ({ ctx, input }) => {
      ctx.require("read", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer);
      return { groups: await ctx.services.listParkedGroups(input) };
    }),

  facets: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/parked/facets",
        tags: TAG,
        summary: "Count what passes a filter by state, topic, type and key, and what each verb would take up",
      },
    })
    .input(parkedFilter.extend({ consumer: consumerName }))
    .output(parkedFacets)
    .query(async ({ ctx, input }) => {
      ctx.require("read", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer, topicsOf(input));
      return ctx.services.countParked(input);
    }),

  /** Of all consumers that the caller may read. */
  allGroups: authenticated.output(parkedGroups).query(async ({ ctx }) => {
    const [groups, consumers] = await Promise.all([ctx.services.listParkedGroups({}), ctx.services.listConsumers()]);
    // A group counts letters of all of its consumer's topics.
    const shown = consumers.filter(
      ({ consumer, topics }) =>
        ctx.can("read", { consumer }) && topics.every(({ topic }) => ctx.can("read", { topic })),
    );
    const names = new Set(shown.map((it) => it.consumer));
    return { groups: groups.filter((it) => names.has(it.consumer)) };
  }),

  sequence: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/sequences/{topic}/{key}",
        tags: TAG,
        summary: "Show the sequence of one key: its parked head, the head's attempts, and what waits behind it",
      },
    })
    .input(z.strictObject({ consumer: consumerName, topic: topicName, key: label }))
    .output(sequence)
    .query(async ({ ctx, input }) => {
      ctx.require("read", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer, [input.topic]);
      return ctx.services.getSequence(input);
    }),

  sequenceByKey: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/sequences/{topic}",
        tags: TAG,
        summary: "Show the sequence of one key that a path cannot carry",
        description: "The same with the key as a parameter: URL parsers take the keys `.` and `..` out of a path.",
      },
    })
    .input(z.strictObject({ consumer: consumerName, topic: topicName, key: label }))
    .output(sequence)
    .query(async ({ ctx, input }) => {
      ctx.require("read", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer, [input.topic]);
      return ctx.services.getSequence(input);
    }),

  redrive: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/consumers/{consumer}/redrives",
        tags: TAG,
        summary: "Deliver dead letters again",
        description:
          'Starts an operation (202). Each letter gets one attempt; when it goes through, what waits behind it follows in order. An empty filter is refused; `{"all": true}` is everything. Takes `operate` on the consumer and `read` on the topics that the filter reaches.',
      },
    })
    .input(redriveRequest.extend({ consumer: consumerName }))
    .output(operation)
    .mutation(async ({ ctx, input }) => {
      ctx.require("operate", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer, topicsOf(input.filter));
      ctx.answer.status = 202;
      return ctx.services.redriveParked({ ...withoutUndefined(input), actor: ctx.actor });
    }),

  discard: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/consumers/{consumer}/discards",
        tags: TAG,
        summary: "Discard parked events, restorably",
        description:
          "Starts an operation (202). Their sequences go on without them. Takes `operate` on the consumer and `read` on the topics that the filter reaches.",
      },
    })
    .input(discardRequest.extend({ consumer: consumerName }))
    .output(operation)
    .mutation(async ({ ctx, input }) => {
      ctx.require("operate", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer, topicsOf(input.filter));
      ctx.answer.status = 202;
      return ctx.services.discardParked({ ...input, actor: ctx.actor });
    }),

  restore: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/consumers/{consumer}/restores",
        tags: TAG,
        summary: "Bring discarded events back",
        description:
          "Starts an operation (202). They take their place in their sequences again; those that had failed are dead letters. Takes `operate` on the consumer and `read` on the topics that the filter reaches.",
      },
    })
    .input(discardRequest.extend({ consumer: consumerName }))
    .output(operation)
    .mutation(async ({ ctx, input }) => {
      ctx.require("operate", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer, topicsOf(input.filter));
      ctx.answer.status = 202;
      return ctx.services.restoreParked({ ...input, actor: ctx.actor });
    }),

  /** How many events a replay would deliver again; by REST the operation itself says it. */
  replayPreview: authenticated
    .input(z.strictObject({ ...replayRequest.shape, consumer: consumerName }).omit({ rate: true, reason: true }))
    .output(replayPreview)
    .query(async ({ ctx, input }) => {
      ctx.require("read", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer, [input.topic]);
      return ctx.services.countReplay(withoutUndefined(input));
    }),

  replay: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/consumers/{consumer}/replays",
        tags: ["Operations"],
        summary: "Deliver a range again, and leave the position alone",
        description:
          "Starts an operation (202). Deliveries carry `replay: true` and the operation's id, in the order of their keys; types declared `liveOnly` are left out; an event that fails is parked like any other.",
      },
    })
    .input(replayRequest.safeExtend({ consumer: consumerName }))
    .output(operation)
    .mutation(async ({ ctx, input }) => {
      ctx.require("operate", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer, [input.topic]);
      ctx.answer.status = 202;
      return ctx.services.replayEvents({ ...withoutUndefined(input), actor: ctx.actor });
    }),
});
