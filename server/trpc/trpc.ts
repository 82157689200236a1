import { initTRPC } from "@trpc/server";
import type { OpenApiMeta } from "trpc-to-openapi";
import type { ScopeAction } from "../contract/api-keys.ts";
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

/** Answers a signed-in person and any valid API key; `ctx.require` says what the key must be allowed. */
export const authenticated = open.use(({ ctx, next }) => {
  const { person, identity } = ctx;
  if (person === null && identity === null) {
    throw new DomainError("unauthenticated", "Sign in, or send an API key as `Authorization: Bearer …`.");
  }
  const can = (action: ScopeAction, name: string): boolean => person !== null || identity?.can(action, name) === true;
  return next({
    ctx: {
      actor: actorOf(ctx),
      can,
      /** Throws `forbidden` unless the caller may do this to what has that name. */
      require(action: ScopeAction, name: string): void {
        if (!can(action, name)) {
          throw new DomainError("forbidden", `This key may not ${action} "${name}".`, { facts: { action, name } });
        }
      },
      /**
       * Throws `forbidden` unless the caller may read these topics, or all of the consumer's when none are named. For
       * whatever shows events, or words about them, through a consumer.
       */
      async requireTopicsOf(consumer: string, topics?: readonly string[]): Promise<void> {
        if (person !== null) return;
        await ctx.services.requireReadableTopics({ consumer, may: can, ...(topics !== undefined && { topics }) });
      },
    },
  });
});

/** Answers a signed-in person only. */
export const operator = open.use(({ ctx, next }) => {
  const { person } = ctx;
  if (person === null) throw new DomainError("unauthenticated", "Sign in to the control room.");
  return next({ ctx: { person, actor: actorOf(ctx) } });
});
