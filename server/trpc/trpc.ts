import { initTRPC } from "@trpc/server";
import type { OpenApiMeta } from "trpc-to-openapi";
import {
  type AccessScope,
  type Action,
  allows,
  type May,
  scopeText,
  type Target,
  widerThan,
} from "../domain/access.ts";
import { DomainError } from "../domain/errors.ts";
import { actorOf, type Context } from "./context.ts";
import { refusalOf, trpcErrorOf } from "./error-shape.ts";

const t = initTRPC
  .context<Context>()
  .meta<OpenApiMeta>()
  .create({
    isDev: false,
    // Comments, not events: a stream that is quiet must still show every box in between that it lives.
    sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 20_000 } },
    errorFormatter({ shape, error, ctx }) {
      const { code, message, fields, facts } = refusalOf(error);
      return {
        ...shape,
        message,
        data: {
          code: shape.data.code,
          httpStatus: shape.data.httpStatus,
          problem: code,
          fields,
          facts,
          requestId: ctx?.requestId ?? null,
        },
      };
    },
  });

export const router = t.router;

const refusals = t.middleware(async ({ ctx, next }) => {
  const result = await next();
  if (result.ok) return result;
  const cause = ctx.asRefusal(result.error.cause);
  if (cause instanceof DomainError) throw trpcErrorOf(cause);
  return result;
});

/** Answers anybody. */
export const open = t.procedure.use(refusals);

/** What procedures ask about the caller. */
function askingOf(ctx: Context) {
  const { person, scopes } = ctx;
  const can: May = (action, target) => allows(scopes, action, target);
  const who = person === null ? "This key" : "You";
  return {
    actor: actorOf(ctx),
    can,
    /** Throws `forbidden` unless the caller may do this to that. */
    require(action: Action, target: Target): void {
      if (can(action, target)) return;
      const name = nameOf(target);
      throw new DomainError(
        "forbidden",
        `${who} may not ${action} ${name === null ? "this installation" : `"${name}"`}.`,
        {
          facts: { action, name },
        },
      );
    },
    /**
     * Throws `forbidden` unless the caller may read these topics, or all of the consumer's when none are named. For
     * whatever shows events, or words about them, through a consumer.
     */
    async requireTopicsOf(consumer: string, topics?: readonly string[]): Promise<void> {
      await ctx.services.requireReadableTopics({ consumer, may: can, ...(topics !== undefined && { topics }) });
    },
    /** Throws `forbidden` for scopes that are wider than the caller's own: nobody gives away what he has not. */
    mayGive(wanted: readonly AccessScope[]): void {
      const beyond = widerThan(scopes, wanted);
      if (beyond === null) return;
      throw new DomainError("forbidden", `${who} may not "${scopeText(beyond)}", and cannot give it away.`, {
        facts: { action: beyond.action, name: beyond.pattern },
      });
    },
  };
}

const nameOf = (target: Target): string | null =>
  target === "installation" ? null : "topic" in target ? target.topic : target.consumer;

/** Answers a signed-in person and any valid API key; `ctx.require` says what they must be allowed. */
export const authenticated = open.use(({ ctx, next }) => {
  if (ctx.person === null && ctx.identity === null) {
    throw new DomainError("unauthenticated", "Sign in, or send an API key as `Authorization: Bearer …`.");
  }
  return next({ ctx: askingOf(ctx) });
});

/** Answers a signed-in person only. */
export const operator = open.use(({ ctx, next }) => {
  const { person } = ctx;
  if (person === null) throw new DomainError("unauthenticated", "Sign in to the control room.");
  return next({ ctx: { person, ...askingOf(ctx) } });
});
