import type { Queryable } from "../database.ts";

/** The topics of a consumer of which there are more layers than so many, without the one of what was handled apart. */
export async function selectManyLayered(
  db: Queryable,
  of: { readonly consumerId: number; readonly topicIds: readonly number[]; readonly moreThan: number },
): Promise<number[]> {
  const { rows } = await db.query<{ topic_id: number }>({
    name: "select_many_layered",
    text: `
      SELECT topic_id FROM handled_before WHERE consumer_id = $1 AND topic_id = ANY ($2::int[]) AND layer > 0
      GROUP BY topic_id HAVING count(*) > $3`,
    values: [of.consumerId, of.topicIds, of.moreThan],
  });
  return rows.map((it) => it.topic_id);
}

/** Forgets layers: what they tell must have been noted otherwise. */
export async function deleteHandledLayers(
  db: Queryable,
  of: { readonly consumerId: number; readonly topicId: number; readonly layers: readonly number[] },
): Promise<void> {
  await db.query({
    name: "delete_handled_layers",
    text: "DELETE FROM handled_before WHERE consumer_id = $1 AND topic_id = $2 AND layer = ANY ($3::int[])",
    values: [of.consumerId, of.topicId, of.layers],
  });
}
