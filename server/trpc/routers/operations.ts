import { z } from "zod";
import { scopeAction } from "../../contract/api-keys.ts";
import { operation, operationChange, operationList, operationQuery } from "../../contract/operations.ts";
import type { Action, May, Target } from "../../domain/access.ts";
import { DomainError } from "../../domain/errors.ts";
import type { Services } from "../../services/services.ts";
import { authenticated, router } from "../trpc.ts";

const TAG = ["Operations"];
const byId = z.strictObject({ id: z.uuid() });

interface Asking {
  readonly services: Services;
  readonly can: May;
  require(action: Action, target: Target): void;
}

/**
 * The operation, once the caller may do this to its consumer. Whoever may do nothing to that consumer is told that there
 * is no such operation: a refusal would name the consumer.
 */
async function permitted(ctx: Asking, action: Action, id: string) {
  const found = await ctx.services.getOperation({ id });
  if (!scopeAction.options.some((it) => ctx.can(it, { consumer: found.consumer }))) {
    throw new DomainError("operation-not-found", "there is no such operation");
  }
  ctx.require(action, { consumer: found.consumer });
  return found;
}

export const operations = router({
  list: authenticated
    .meta({
      openapi: { method: "GET", path: "/operations", tags: TAG, summary: "List operations, newest first" },
    })
    .input(operationQuery)
    .output(operationList)
    .query(async ({ ctx, input }) => {
      const { consumer, open, limit } = input;
      const operations = await ctx.services.listOperations({
        limit,
        mayRead: (it) => ctx.can("read", { consumer: it }),
        ...(consumer !== undefined && { consumer }),
        ...(open === "true" && { recentMs: 0 }),
      });
      return { operations };
    }),

  get: authenticated
    .meta({ openapi: { method: "GET", path: "/operations/{id}", tags: TAG, summary: "Describe an operation" } })
    .input(byId)
    .output(operation)
    .query(({ ctx, input }) => permitted(ctx, "read", input.id)),

  pause: authenticated
    .meta({
      openapi: { method: "POST", path: "/operations/{id}/pause", tags: TAG, summary: "Pause an operation" },
    })
    .input(byId)
    .output(operation)
    .mutation(async ({ ctx, input }) => {
      await permitted(ctx, "operate", input.id);
      return ctx.services.steerOperation({ id: input.id, verb: "pause", actor: ctx.actor });
    }),

  resume: authenticated
    .meta({
      openapi: { method: "POST", path: "/operations/{id}/resume", tags: TAG, summary: "Resume a paused operation" },
    })
    .input(byId)
    .output(operation)
    .mutation(async ({ ctx, input }) => {
      await permitted(ctx, "operate", input.id);
      return ctx.services.steerOperation({ id: input.id, verb: "resume", actor: ctx.actor });
    }),

  abort: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/operations/{id}/abort",
        tags: TAG,
        summary: "Abort an operation",
        description:
          "Nothing more is taken up. What a redrive has taken up goes on to its outcome; what a replay has not brought through is taken back.",
      },
    })
    .input(byId)
    .output(operation)
    .mutation(async ({ ctx, input }) => {
      await permitted(ctx, "operate", input.id);
      return ctx.services.steerOperation({ id: input.id, verb: "abort", actor: ctx.actor });
    }),

  changeRate: authenticated
    .meta({
      openapi: { method: "PATCH", path: "/operations/{id}", tags: TAG, summary: "Change an operation's rate" },
    })
    .input(operationChange.extend({ id: z.uuid() }))
    .output(operation)
    .mutation(async ({ ctx, input }) => {
      await permitted(ctx, "operate", input.id);
      return ctx.services.changeOperationRate({ ...input, actor: ctx.actor });
    }),
});
