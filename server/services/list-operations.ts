import { reachable } from "../engine/database-unavailable.ts";
import type { Database } from "../store/database.ts";
import { selectOperations } from "../store/operation-table.ts";
import type { Services } from "./services.ts";

/** Operations, newest first. */
export const listOperations =
  ({ database }: { readonly database: Database }): Services["listOperations"] =>
  ({ consumer, recentMs, limit }) =>
    reachable(selectOperations(database.pool, { consumer: consumer ?? null, recentMs: recentMs ?? null, limit }));
