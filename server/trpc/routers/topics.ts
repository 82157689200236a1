import { z } from "zod";
import { removal, topicRemoval } from "../../contract/bin.ts";
import { topicName } from "../../contract/names.ts";
import { declaredTopic, topicDeclaration, topicDescription, topicList } from "../../contract/topics.ts";
import { authenticated, router } from "../trpc.ts";
import { withReadable } from "../with-readable.ts";

export const topics = router({
  list: authenticated
    .meta({
      openapi: { method: "GET", path: "/topics", tags: ["Topics"], summary: "List the topics the key may read" },
    })
    .output(topicList)
    .query(async ({ ctx }) => {
      const all = await ctx.services.listTopics();
      return {
        topics: all.filter((it) => ctx.can("read", { topic: it.topic })).map((it) => withReadable(it, ctx.can)),
      };
    }),

  get: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/topics/{topic}",
        tags: ["Topics"],
        summary: "Describe a topic",
        description:
          "`heldUp` is set while retention waits for consumers that have not passed the first event kept: how far it is past each of its bounds, the slowest ten of those consumers that the key may read, and how many there are.",
      },
    })
    .input(z.strictObject({ topic: topicName }))
    .output(topicDescription)
    .query(async ({ ctx, input }) => {
      ctx.require("read", { topic: input.topic });
      return withReadable(await ctx.services.describeTopic(input), ctx.can);
    }),

  declare: authenticated
    .meta({
      openapi: {
        method: "PUT",
        path: "/topics/{topic}",
        tags: ["Topics"],
        summary: "Declare a topic",
        description:
          "Creates the topic (201), or changes what is named of an existing one and nothing else (200); `null` puts a default back, and `changed` says what is another now.",
      },
    })
    .input(topicDeclaration.extend({ topic: topicName }))
    .output(declaredTopic)
    .mutation(async ({ ctx, input }) => {
      const { topic, ...declaration } = input;
      ctx.require("operate", { topic });
      const { created, changed, description } = await ctx.services.declareTopic({
        topic,
        declaration,
        actor: ctx.actor,
      });
      if (created) ctx.answer.status = 201;
      return { ...withReadable(description, ctx.can), created, changed: [...changed] };
    }),

  remove: authenticated
    .meta({
      openapi: {
        method: "DELETE",
        path: "/topics/{topic}",
        tags: ["Topics"],
        summary: "Remove a topic",
        description:
          "Goes to the bin, from which it can be restored for some days (`GET /v1/bin`). Ask with `dryRun=true` first: it says what hangs on it, and answers a `token`. Removing takes that token and a `reason`, and is refused (409 `removal-outdated`) with a fresh preview when something else hangs on it by then: consumers or topics came or went, or there are events, parked events or state where there were none. Ordinary progress counts for nothing. The name is free at once, for another topic. Followers are told `removed`; consumers keep their places, and go on from there when the topic is restored.",
      },
    })
    .input(topicRemoval)
    .output(removal)
    .mutation(({ ctx, input }) => {
      const { topic, dryRun, token, reason } = input;
      ctx.require("operate", { topic });
      return ctx.services.removeTopic({
        topic,
        isDryRun: dryRun === "true",
        token,
        reason,
        mayRead: (it) => ctx.can("read", it),
        actor: ctx.actor,
      });
    }),
});
