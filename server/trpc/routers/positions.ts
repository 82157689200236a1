import { z } from "zod";
import { consumerName } from "../../contract/names.ts";
import {
  positionChange,
  positionChangeList,
  positionChangeRequest,
  positionPlan,
  positionPlanRequest,
  undoRequest,
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
        description:
          "Says what a move would do and stores it for 15 minutes; nothing moves until the plan is applied. A plan names per topic the positions, the events that run again or are skipped, and the first and last of them; the parked events and state entries, and what is done to them; the members whose deliveries in flight will not count; and how long it will take. `consumer` takes the lowest position that the other consumer has in each topic; `before` moves the topic of its event alone. Every target stays within what the topic holds.",
      },
    })
    .input(positionPlanRequest.extend({ consumer: consumerName }))
    .output(positionPlan)
    .mutation(async ({ ctx, input }) => {
      ctx.require("operate", { consumer: input.consumer });
      const { target, topics } = input;
      if (target.to === "consumer") ctx.require("read", { consumer: target.consumer });
      await ctx.requireTopicsOf(input.consumer, target.to === "before" ? [target.topic] : topics);
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
          "Applies the plan in one transaction; connected members get `reset` and go on from there. Positions, and the parked events and state entries it touches, are kept for an undo. Moving back removes discarded events from what runs again. When something has moved since, 409 `plan-outdated` with a fresh plan in `plan`. Applying a plan twice is the same as once.",
      },
    })
    .input(positionChangeRequest.extend({ consumer: consumerName }))
    .output(positionChange)
    .mutation(async ({ ctx, input }) => {
      ctx.require("operate", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer);
      return ctx.services.changePositions({ ...input, actor: ctx.actor });
    }),

  undo: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/consumers/{consumer}/position-changes/{id}/undo",
        tags: TAG,
        summary: "Undo a position change",
        description:
          "Puts back what the change found, in one transaction; connected members get `reset`. Positions become exactly what they were. Parked events and state entries are put back if the change had touched them, whatever came since, and stay as they are otherwise. An undo is a change itself: undoing it does the change again. Only the newest change can be undone: otherwise 409 `already-undone`, with the newest one's id in `newest`. With another number of partitions by now, all of them begin at the lowest position, and what had been settled above it is not delivered again.",
      },
    })
    .input(undoRequest.extend({ consumer: consumerName, id: z.uuid() }))
    .output(positionChange)
    .mutation(async ({ ctx, input }) => {
      ctx.require("operate", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer);
      return ctx.services.undoPositionChange({ ...input, actor: ctx.actor });
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
      ctx.require("read", { consumer: input.consumer });
      await ctx.requireTopicsOf(input.consumer);
      return { changes: await ctx.services.listPositionChanges(input) };
    }),
});
