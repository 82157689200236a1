import type { Queryable } from "../database.ts";

/**
 * Forgets the rows that earlier changes saved. Only the newest change can be undone, so what stands before it is never
 * read again, and a consumer keeps one set of saved rows at most.
 */
export async function dropSavedRows(
  db: Queryable,
  { consumerId, exceptOf }: { readonly consumerId: number; readonly exceptOf: string },
): Promise<void> {
  await db.query({
    name: "drop_saved_rows",
    text: "DELETE FROM position_change_restore WHERE consumer_id = $1 AND change_id <> $2::uuid",
    values: [consumerId, exceptOf],
  });
}
