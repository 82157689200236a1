import { z } from "zod";
import { label } from "./names.ts";

export const stateEntry = z.object({
  key: label,
  value: z.unknown(),
  /** 1 at the first write, one more at every later one: what `expect` of a settlement names. */
  version: z.int(),
  updatedAt: z.string(),
});
export type StateEntry = z.infer<typeof stateEntry>;

export const stateList = z.object({ entries: z.array(stateEntry), next: z.string().nullable() });
