import type { PriorLayout } from "../domain/layout.ts";
import type { Queryable } from "./database.ts";

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

/** Forgets the earlier layouts of topics whose positions are moved: they would hide what is to be delivered again. */
export async function deletePriorLayouts(
  db: Queryable,
  consumerId: number,
  topicIds: readonly number[],
): Promise<Record<string, unknown>[]> {
  const { rows } = await db.query<Record<string, unknown>>({
    name: "delete_prior_layouts",
    text: `
      DELETE FROM prior_layout WHERE consumer_id = $1 AND topic_id = ANY ($2::int[])
      RETURNING topic_id AS "topicId", layout, partitions, cursors, ends_at AS "endsAt"`,
    values: [consumerId, topicIds],
  });
  return rows;
}
