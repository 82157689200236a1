import type { Queryable } from "../database.ts";
import { CHANNEL, wakeUpPayload } from "../wake-up-channel.ts";

export interface SettlementAnswerRow {
  readonly consumerId: number;
  /** Of the request. */
  readonly id: string;
  readonly asker: string;
  readonly body: string;
}

/** Wakes the askers in the same statement, as `insertSettlementRequest` does the holder. */
export async function insertSettlementAnswers(
  db: Queryable,
  {
    holder,
    answers,
    channels,
  }: {
    readonly holder: string;
    readonly answers: readonly SettlementAnswerRow[];
    readonly channels: readonly string[];
  },
): Promise<void> {
  await db.query({
    name: "insert_settlement_answers",
    text: `
      WITH answered AS (
        INSERT INTO settlement_answer (consumer_id, id, asker, body)
        SELECT * FROM unnest($1::int[], $2::uuid[], $3::uuid[], $4::text[])
      )
      SELECT pg_notify('${CHANNEL}', payload) FROM unnest($5::text[]) AS payload`,
    values: [
      answers.map((it) => it.consumerId),
      answers.map((it) => it.id),
      answers.map((it) => it.asker),
      answers.map((it) => it.body),
      channels.map((it) => wakeUpPayload(holder, it)),
    ],
  });
}
