import { DomainError } from "../../domain/errors.ts";
import type { Database } from "../../store/database.ts";
import { selectState } from "../../store/settling/state-select.ts";
import type { Services } from "../services.ts";
import { requireConsumer } from "./require-consumer.ts";

export const getState =
  ({ database }: { readonly database: Database }): Services["getState"] =>
  async ({ consumer, key }) => {
    const { consumerId } = await requireConsumer(database.pool, consumer);
    const row = await selectState(database.pool, { consumerId, key });
    if (row === null)
      throw new DomainError("state-entry-not-found", `consumer "${consumer}" keeps nothing under this key`);
    return { ...row, value: JSON.parse(row.value), json: row.value };
  };
