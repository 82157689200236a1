import { z } from "zod";
import { apiKey } from "../../contract/api-keys.ts";
import { person, setupRequest, setupStatus } from "../../contract/environment.ts";
import { open, router } from "../trpc.ts";

export const setup = router({
  status: open.output(setupStatus).query(async ({ ctx }) => ({
    isNeeded: await ctx.setup.isNeeded(),
    environment: await ctx.environment(),
  })),

  /** Creates the first administrator. The key's secret is shown this once. Sign in with the same password next. */
  create: open
    .input(setupRequest)
    .output(z.object({ person, apiKey: z.object({ key: apiKey, secret: z.string() }) }))
    .mutation(({ ctx, input }) => ctx.setup.create(input, ctx.requestId)),
});
