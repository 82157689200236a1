import { z } from "zod";
import { apiKey, apiKeyList, apiKeyRequest, apiKeySecret, rotationRequest } from "../../contract/api-keys.ts";
import { type AccessScope, administers } from "../../domain/access.ts";
import { DomainError } from "../../domain/errors.ts";
import type { Services } from "../../services/services.ts";
import { authenticated, router } from "../trpc.ts";

const TAG = ["Keys"];
const byId = z.strictObject({ id: z.uuid() });

/** A key that speaks of a name that the caller does not administer is none of his: he is not told that there is one. */
async function requireKey(
  ctx: { readonly services: Services; readonly scopes: readonly AccessScope[] },
  id: string,
): Promise<void> {
  const { scopes } = await ctx.services.getApiKey({ id });
  if (!administers(ctx.scopes, scopes)) throw new DomainError("not-found", "There is no such API key.");
}

export const apiKeys = router({
  list: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/keys",
        tags: TAG,
        summary: "List the keys that the caller administers",
        description:
          "Newest first, revoked ones too, without their secrets: those all of whose names the caller may `administer`.",
      },
    })
    .output(apiKeyList)
    .query(async ({ ctx }) => {
      const keys = await ctx.services.listApiKeys();
      return { keys: keys.filter((it) => administers(ctx.scopes, it.scopes)) };
    }),

  create: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/keys",
        tags: TAG,
        summary: "Create a key",
        description:
          "The answer (201) holds the secret, which is shown this once. The key may do no more than whoever creates it: each of its scopes lies within one of the caller's, and its names within what the caller may `administer`. A key does not end with the one that created it.",
      },
    })
    .input(apiKeyRequest)
    .output(apiKeySecret)
    .mutation(({ ctx, input }) => {
      const { name, scopes, expiresAt } = input;
      ctx.mayGive(scopes);
      ctx.mayGive(scopes.map((it) => ({ ...it, action: "administer" })));
      ctx.answer.status = 201;
      return ctx.services.createApiKey({
        name,
        scopes,
        actor: ctx.actor,
        ...(expiresAt === undefined ? {} : { expiresAt }),
      });
    }),

  rotate: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/keys/{id}/rotate",
        tags: TAG,
        summary: "Give a key a new secret",
        description:
          "The answer holds the new secret, shown this once. The one before is good beside it for `overlapMs` (a day unless given, 30 at most; 0 = it ends at once), so that a component can be given the new one while it runs; `previousUntil` says until when. The secret of an earlier rotation ends at once. A revoked key is not found, and the key of `MILLRACE_API_KEY` is changed by its variable.",
      },
    })
    .input(rotationRequest.extend({ id: z.uuid() }))
    .output(apiKeySecret)
    .mutation(async ({ ctx, input }) => {
      await requireKey(ctx, input.id);
      return ctx.services.rotateApiKey({ ...input, actor: ctx.actor });
    }),

  revoke: authenticated
    .meta({
      openapi: {
        method: "DELETE",
        path: "/keys/{id}",
        tags: TAG,
        summary: "Revoke a key",
        description:
          "For good: requests are refused and open streams end within seconds, at every instance, under both of its secrets. The key stays listed. Revoking twice is one revocation.",
      },
    })
    .input(byId)
    .output(apiKey)
    .mutation(async ({ ctx, input }) => {
      await requireKey(ctx, input.id);
      return ctx.services.revokeApiKey({ id: input.id, actor: ctx.actor });
    }),
});
