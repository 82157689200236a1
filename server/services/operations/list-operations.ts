import type { Operation } from "../../contract/operations.ts";
import { reachable } from "../../engine/database-unavailable.ts";
import type { Database, Tables } from "../../store/database.ts";
import { selectOperatedConsumers, selectOperations } from "../../store/operations/table.ts";
import type { Services } from "../services.ts";

/** Operations, newest first. */
export const listOperations =
  ({ database }: { readonly database: Database }): Services["listOperations"] =>
  (asked) =>
    reachable(newestOperations(database.prisma, asked));

/** Whose they are is asked before they are counted: a key's hundred newest are the hundred newest it may see. */
async function newestOperations(
  db: Tables,
  { consumer, mayRead, recentMs, limit }: Parameters<Services["listOperations"]>[0],
): Promise<Operation[]> {
  let consumers = consumer === undefined ? null : [consumer];
  if (mayRead !== undefined) consumers = (consumers ?? (await selectOperatedConsumers(db))).filter(mayRead);
  return selectOperations(db, { consumers, recentMs: recentMs ?? null, limit });
}
