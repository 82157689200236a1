import type { PriorLayout } from "../../domain/layout.ts";
import { OffsetRanges } from "../../domain/offset-ranges.ts";
import type { SavedLayout } from "../../domain/restore-point.ts";
import type { Queryable } from "../database.ts";

export async function insertPriorLayout(db: Queryable, consumerId: number, layout: PriorLayout): Promise<void> {
  const cursors = [...layout.cursors].map(([partition, { position, settled }]) => ({
    partition,
    position,
    settled: [...settled],
  }));
  await db.query({
    name: "insert_prior_layout",
    text: `
      INSERT INTO prior_layout (consumer_id, topic_id, layout, partitions, cursors, ends_at)
      VALUES ($1, $2, $3, $4, $5::json, $6)`,
    values: [consumerId, layout.topicId, layout.layout, layout.partitions, JSON.stringify(cursors), layout.endsAt],
  });
}

/** The earlier layouts, not passed yet, of some of a consumer's topics, as JSON. */
export async function selectPriorLayouts(
  db: Queryable,
  consumerId: number,
  topicIds: readonly number[],
): Promise<SavedLayout[]> {
  const { rows } = await db.query<SavedLayout>({
    name: "select_prior_layouts",
    text: `
      SELECT topic_id AS "topicId", layout, partitions, cursors, ends_at AS "endsAt"
      FROM prior_layout WHERE consumer_id = $1 AND topic_id = ANY ($2::int[]) AND NOT is_passed ORDER BY topic_id, layout`,
    values: [consumerId, topicIds],
  });
  return rows;
}

/** A layout that was kept as JSON. */
export function priorLayoutOf({ cursors, ...layout }: SavedLayout): PriorLayout {
  return {
    ...layout,
    cursors: new Map(cursors.map((it) => [it.partition, { ...it, settled: new OffsetRanges(it.settled) }])),
  };
}

/** Forgets the earlier layouts of topics whose positions are moved back: they would hide what is to be delivered again. */
export async function deletePriorLayouts(
  db: Queryable,
  consumerId: number,
  topicIds: readonly number[],
): Promise<void> {
  await db.query({
    name: "delete_prior_layouts",
    text: "DELETE FROM prior_layout WHERE consumer_id = $1 AND topic_id = ANY ($2::int[])",
    values: [consumerId, topicIds],
  });
}
