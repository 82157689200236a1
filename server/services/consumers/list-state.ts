import { LIMITS } from "../../contract/limits.ts";
import type { Database } from "../../store/database.ts";
import { listState as selectStateList } from "../../store/settling/state-list.ts";
import type { StateRow } from "../../store/settling/state-select.ts";
import type { Services } from "../services.ts";
import { requireConsumer } from "./require-consumer.ts";

/** A page ends at `limit` entries or 8 MiB of values, whichever comes first; `next` leads on. */
export const listState =
  ({ database }: { readonly database: Database }): Services["listState"] =>
  async ({ consumer, prefix, after, limit }) => {
    const { consumerId } = await requireConsumer(database.pool, consumer);
    const rows = await selectStateList(database.pool, {
      consumerId,
      prefix: prefix ?? "",
      after: after ?? "",
      limit: limit + 1,
      maxBytes: LIMITS.maxRequestBytes,
    });
    const page = rows.slice(0, countWithin(rows, limit));
    return {
      entries: page.map((row) => ({ ...row, value: JSON.parse(row.value), json: row.value })),
      next: rows.length > page.length ? (page.at(-1)?.key ?? null) : null,
    };
  };

/** As many as fit into a page, and one in any case: the largest value is smaller than a page. */
function countWithin(rows: readonly StateRow[], limit: number): number {
  let bytes = 0;
  for (const [index, { value }] of rows.entries()) {
    bytes += Buffer.byteLength(value);
    if (index >= limit || (index > 0 && bytes > LIMITS.maxRequestBytes)) return index;
  }
  return rows.length;
}
