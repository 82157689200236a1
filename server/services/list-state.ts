import type { Database } from "../store/database.ts";
import { listState as selectStateList } from "../store/state-list.ts";
import { requireConsumer } from "./require-consumer.ts";
import type { Services } from "./services.ts";

export const listState =
  ({ database }: { readonly database: Database }): Services["listState"] =>
  async ({ consumer, prefix, after, limit }) => {
    const { consumerId } = await requireConsumer(database.pool, consumer);
    const rows = await selectStateList(database.pool, {
      consumerId,
      prefix: prefix ?? "",
      after: after ?? "",
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    return {
      entries: page.map((row) => ({ ...row, value: JSON.parse(row.value), json: row.value })),
      next: rows.length > limit ? (page.at(-1)?.key ?? null) : null,
    };
  };
