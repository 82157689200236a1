import { scopeAction } from "../../contract/api-keys.ts";
import { type BinEntry, binEntry, binList, binSettings, restoreRequest } from "../../contract/bin.ts";
import type { Target } from "../../domain/access.ts";
import { DomainError } from "../../domain/errors.ts";
import { visibleHoldings } from "../../domain/visible-holdings.ts";
import { authenticated, router } from "../trpc.ts";

function targetOf(kind: BinEntry["kind"], name: string): Target {
  return kind === "topic" ? { topic: name } : { consumer: name };
}

function noSuchEntry(): DomainError {
  return new DomainError("bin-entry-not-found", "there is nothing of this id in the bin, or it is being purged");
}

export const bin = router({
  list: authenticated
    .meta({
      openapi: {
        method: "GET",
        path: "/bin",
        tags: ["Bin"],
        summary: "List what was removed",
        description:
          "What the key may read, removed last first. `purgeAt` says until when it can be restored; from then on it is purged bit by bit, and `purged` counts the rows that are gone.",
      },
    })
    .output(binList)
    .query(async ({ ctx }) => {
      const { binDays, entries } = await ctx.services.listBin();
      const mayRead = (it: Target) => ctx.can("read", it);
      const readable = entries.filter((it) => mayRead(targetOf(it.kind, it.name)));
      return { binDays, entries: readable.map((it) => ({ ...it, holds: visibleHoldings(it.holds, mayRead) })) };
    }),

  restore: authenticated
    .meta({
      openapi: {
        method: "POST",
        path: "/bin/{id}/restore",
        tags: ["Bin"],
        summary: "Restore a topic or a consumer",
        description:
          "It comes back with its history: a topic with its events, at the places where its consumers stood; a consumer with its positions, parked events and state. Refused (409) when its name was given to another since; `as` restores it under another name.",
      },
    })
    .input(restoreRequest)
    .output(binEntry.pick({ kind: true, name: true }))
    .mutation(({ ctx, input }) => {
      const { id, as, reason } = input;
      return ctx.services.restoreRemoved({
        id,
        ...(as !== undefined && { as }),
        mayRestore: (kind, name, under) => {
          const entry = targetOf(kind, name);
          // A refusal would name what the caller may do nothing to.
          if (!scopeAction.options.some((it) => ctx.can(it, entry))) throw noSuchEntry();
          ctx.require("operate", entry);
          ctx.require("operate", targetOf(kind, under));
        },
        reason,
        actor: ctx.actor,
      });
    }),

  configure: authenticated
    .meta({
      openapi: {
        method: "PUT",
        path: "/bin",
        tags: ["Bin"],
        summary: "Say for how many days what was removed can be restored",
        description: "Counts at once, also for what is in the bin. It takes a key that may operate everything.",
      },
    })
    .input(binSettings)
    .output(binList)
    .mutation(({ ctx, input }) => {
      ctx.require("operate", "installation");
      return ctx.services.configureBin({ ...input, actor: ctx.actor });
    }),
});
