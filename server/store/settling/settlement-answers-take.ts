import type { Queryable } from "../database.ts";

/** Takes all answers for an instance out of the table. */
export async function takeSettlementAnswers(db: Queryable, asker: string): Promise<{ id: string; body: string }[]> {
  const { rows } = await db.query<{ id: string; body: string }>({
    name: "take_settlement_answers",
    text: "DELETE FROM settlement_answer WHERE asker = $1 RETURNING id, body",
    values: [asker],
  });
  return rows;
}
