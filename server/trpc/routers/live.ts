import { tracked } from "@trpc/server";
import { z } from "zod";
import { liveRequest } from "../../contract/live.ts";
import { DomainError } from "../../domain/errors.ts";
import { trpcErrorOf } from "../error-shape.ts";
import { operator } from "../trpc.ts";

/** The one live stream of a browser tab. The id of a message is the offset its tail has come to. */
export const live = operator
  // tRPC adds the id of the last message it saw when it connects again.
  .input(z.strictObject({ ...liveRequest.shape, lastEventId: z.string().max(200).nullish() }))
  .subscription(async function* ({ ctx, input, signal }) {
    const { lastEventId, ...request } = input;
    const signals = signal === undefined ? [ctx.signal] : [ctx.signal, signal];
    try {
      const items = ctx.live.listen(request, {
        lastEventId: lastEventId ?? undefined,
        signal: AbortSignal.any(signals),
        may: ctx.can,
      });
      for await (const item of items) yield tracked(item.id, item.message);
      if (ctx.signal.aborted) throw new DomainError("unauthenticated", "The session has ended. Sign in again.");
    } catch (error) {
      // An error of a generator passes no middleware, and the browser repeats what it takes for a fault.
      const refusal = ctx.asRefusal(error);
      throw refusal instanceof DomainError ? trpcErrorOf(refusal) : refusal;
    }
  });
