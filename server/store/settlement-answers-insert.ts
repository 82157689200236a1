import type { Queryable } from "./database.ts";

export interface SettlementAnswerRow {
  readonly consumerId: number;
  /** Of the request. */
  readonly id: string;
  readonly asker: string;
  readonly body: string;
}

export async function insertSettlementAnswers(db: Queryable, answers: readonly SettlementAnswerRow[]): Promise<void> {
  await db.query({
    name: "insert_settlement_answers",
    text: `
      INSERT INTO settlement_answer (consumer_id, id, asker, body)
      SELECT * FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::text[])`,
    values: [
      answers.map((it) => it.consumerId),
      answers.map((it) => it.id),
      answers.map((it) => it.asker),
      answers.map((it) => it.body),
    ],
  });
}
