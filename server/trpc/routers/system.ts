import { z } from "zod";
import { person, systemInfo } from "../../contract/environment.ts";
import { overview as overviewShape } from "../../contract/overview.ts";
import { open, operator, router } from "../trpc.ts";

export const session = router({
  /** Who is signed in; null = nobody. */
  current: open.output(z.object({ person: person.nullable() })).query(({ ctx }) => ({ person: ctx.person })),
});

export const system = router({
  info: operator.output(systemInfo).query(({ ctx }) => ctx.systemInfo()),
});

export const overview = router({
  get: operator.output(overviewShape).query(({ ctx }) => ctx.getOverview()),
});
