import { reachable } from "../../engine/database-unavailable.ts";
import type { Database } from "../../store/database.ts";
import { selectRates } from "../../store/insight/rates-select.ts";
import type { Services } from "../services.ts";

/** 120 points an hour. */
const EVERY_S = 30;

export const getRates =
  ({ database }: { readonly database: Database }): Services["getRates"] =>
  async () => ({ resolutionMs: EVERY_S * 1_000, points: await reachable(selectRates(database.pool, EVERY_S)) });
