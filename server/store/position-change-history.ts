import type { PastChange } from "../domain/position-skips.ts";
import type { Queryable } from "./database.ts";

const MAX_CHANGES = 1_000;

/** A consumer's newest 1,000 position changes with what they left behind, oldest first. */
export async function selectChangeHistory(
  db: Queryable,
  consumerId: number,
): Promise<(PastChange & { readonly actor: string })[]> {
  const { rows } = await db.query<PastChange & { actor: string }>({
    name: "select_change_history",
    text: `
      SELECT id, undo_of AS "undoOf", actor, restore FROM position_change
      WHERE consumer_id = $1 ORDER BY applied_at DESC, id DESC LIMIT $2`,
    values: [consumerId, MAX_CHANGES],
  });
  return rows.reverse().map((row) => ({
    ...row,
    // Changes from before there was one have no `after`.
    restore: { ...row.restore, after: row.restore.after ?? [], priorLayouts: row.restore.priorLayouts ?? [] },
  }));
}
