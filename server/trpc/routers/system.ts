import { z } from "zod";
import { scope } from "../../contract/api-keys.ts";
import { person, systemInfo } from "../../contract/environment.ts";
import { overview as overviewShape } from "../../contract/overview.ts";
import { open, operator, router } from "../trpc.ts";

export const session = router({
  /** Who is signed in, null = nobody, and what he may do. */
  current: open
    .output(z.object({ person: person.nullable(), scopes: z.array(scope) }))
    .query(({ ctx: { person: who, scopes } }) => ({ person: who, scopes: [...scopes] })),
});

export const system = router({
  info: operator.output(systemInfo).query(({ ctx }) => ctx.systemInfo()),
});

export const overview = router({
  get: operator.output(overviewShape).query(({ ctx }) => ctx.getOverview(ctx.can)),
});
