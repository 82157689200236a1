import { z } from "zod";
import { topicName } from "../../contract/names.ts";
import { declaredTopic, topicDeclaration, topicDescription, topicList } from "../../contract/topics.ts";
import { authenticated, router } from "../trpc.ts";

export const topics = router({
  list: authenticated
    .meta({
      openapi: { method: "GET", path: "/topics", tags: ["Topics"], summary: "List the topics the key may read" },
    })
    .output(topicList)
    .query(async ({ ctx }) => {
      const all = await ctx.services.listTopics();
      return { topics: all.filter((it) => ctx.can("read", it.topic)) };
    }),

  get: authenticated
    .meta({ openapi: { method: "GET", path: "/topics/{topic}", tags: ["Topics"], summary: "Describe a topic" } })
    .input(z.strictObject({ topic: topicName }))
    .output(topicDescription)
    .query(({ ctx, input }) => {
      ctx.require("read", input.topic);
      return ctx.services.describeTopic(input);
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
      ctx.require("operate", topic);
      const { created, changed, description } = await ctx.services.declareTopic({
        topic,
        declaration,
        actor: ctx.actor,
      });
      if (created) ctx.answer.status = 201;
      return { ...description, created, changed: [...changed] };
    }),
});
