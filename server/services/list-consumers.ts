import { summariseConsumers } from "../store/consumer-describe.ts";
import type { Database } from "../store/database.ts";
import type { Services } from "./services.ts";

export const listConsumers =
  ({ database }: { readonly database: Database }): Services["listConsumers"] =>
  () =>
    summariseConsumers(database.pool);
