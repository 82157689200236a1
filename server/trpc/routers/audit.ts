import { z } from "zod";
import { auditPage } from "../../contract/audit.ts";
import { operator, router } from "../trpc.ts";

export const audit = router({
  list: operator
    .input(z.strictObject({ before: z.int().min(1).optional(), limit: z.int().min(1).max(200).default(50) }))
    .output(auditPage)
    .query(({ ctx, input }) => {
      const { before, limit } = input;
      return ctx.services.listAudit({ limit, may: ctx.can, ...(before === undefined ? {} : { before }) });
    }),
});
