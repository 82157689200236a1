import { z } from "zod";
import { consumerName } from "../../contract/names.ts";
import {
  positionChange,
  positionChangeList,
  positionChangeRequest,
  positionPlan,
  positionPlanRequest,
} from "../../contract/position-changes.ts";
import { authenticated, router } from "../trpc.ts";

const TAG = ["Position changes"];

export const positions = router({
  plan: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/consumers/{consumer}/position-plans",
        tags: TAG,
        summary: "Plan a position change",
        description: "Says what a move would do and stores it; nothing moves until the plan is applied.",
      },
    })
    .input(positionPlanRequest.extend({ consumer: consumerName }))
    .output(positionPlan)
    .mutation(({ ctx, input }) => {
      ctx.require("operate", input.consumer);
      return ctx.services.planPositions({ ...input, actor: ctx.actor });
    }),

  // `apply` is a word that tRPC keeps for itself.
  applyPlan: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/consumers/{consumer}/position-changes",
        tags: TAG,
        summary: "Apply a planned position change",
        description:
          "Applies the plan in one transaction; connected members get `reset` and go on from there. When something has moved since, 409 `plan-outdated` with a fresh plan in `plan`.",
      },
    })
    .input(positionChangeRequest.extend({ consumer: consumerName }))
    .output(positionChange)
    .mutation(({ ctx, input }) => {
      ctx.require("operate", input.consumer);
      return ctx.services.changePositions({ ...input, actor: ctx.actor });
    }),

  list: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/consumers/{consumer}/position-changes",
        tags: TAG,
        summary: "List a consumer's position changes, newest first",
      },
    })
    .input(z.strictObject({ consumer: consumerName }))
    .output(positionChangeList)
    .query(async ({ ctx, input }) => {
      ctx.require("read", input.consumer);
      return { changes: await ctx.services.listPositionChanges(input) };
    }),
});
