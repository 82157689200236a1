import { z } from "zod";
import { apiKey, apiKeyRequest } from "../../contract/api-keys.ts";
import { operator, router } from "../trpc.ts";

// People only, and no REST form: a key that could make keys could outlive its own revocation.
export const apiKeys = router({
  list: operator
    .output(z.object({ keys: z.array(apiKey) }))
    .query(async ({ ctx }) => ({ keys: await ctx.services.listApiKeys() })),

  /** The answer holds the secret; it is shown this once and cannot be had again. */
  create: operator
    .input(apiKeyRequest)
    .output(z.object({ key: apiKey, secret: z.string() }))
    .mutation(({ ctx, input }) => {
      const { name, scopes, expiresAt } = input;
      return ctx.services.createApiKey({
        name,
        scopes,
        actor: ctx.actor,
        ...(expiresAt === undefined ? {} : { expiresAt }),
      });
    }),

  revoke: operator
    .input(z.strictObject({ id: z.uuid() }))
    .output(apiKey)
    .mutation(({ ctx, input }) => ctx.services.revokeApiKey({ id: input.id, actor: ctx.actor })),
});
