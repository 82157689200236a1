import type { ParkedRow } from "../../domain/settlement-decision.ts";
import { askedRows } from "../asked-rows.ts";
import type { Queryable } from "../database.ts";

export interface ParkedFactsQuery {
  readonly consumerId: number;
  readonly events: readonly { readonly topicId: number; readonly offset: number; readonly sequence: string }[];
}

export interface ParkedFacts {
  readonly row: ParkedRow | null;
  readonly headOffset: number | null;
}

const NUMBERS = "ARRAY(SELECT generate_subscripts($2::int[], 1))";

/** What is parked of the events asked about, and first in their sequences; in the order of the question. */
export async function selectParkedFacts(db: Queryable, query: ParkedFactsQuery): Promise<ParkedFacts[]> {
  const { rows } = await db.query<{
    state: ParkedRow["state"] | null;
    attempt: number;
    attempts_max: number;
    operation_id: string | null;
    head_offset: number | null;
  }>({
    name: "select_parked_facts",
    text: `
      SELECT p.state, p.attempt, p.attempts_max, p.operation_id, h."offset" AS head_offset
      FROM ${askedRows(
        "consumer_id",
        `$2::int[], $3::bigint[], $4::text[], ${NUMBERS}`,
        'topic_id, "offset", sequence, n',
      )} a
      LEFT JOIN parked_event p ON p.consumer_id = a.consumer_id AND p.topic_id = a.topic_id AND p."offset" = a."offset"
      LEFT JOIN LATERAL (
        SELECT h."offset" FROM parked_event h
        WHERE h.consumer_id = a.consumer_id AND h.topic_id = a.topic_id AND h.sequence = a.sequence AND h.state <> 'discarded'
        ORDER BY h."offset" LIMIT 1
      ) h ON true
      ORDER BY a.n`,
    values: [
      query.consumerId,
      query.events.map((it) => it.topicId),
      query.events.map((it) => it.offset),
      query.events.map((it) => it.sequence),
    ],
  });
  return rows.map((row) => ({
    row:
      row.state === null
        ? null
        : {
            state: row.state,
            attempt: row.attempt,
            attemptsMax: row.attempts_max,
            operationId: row.operation_id,
          },
    headOffset: row.head_offset,
  }));
}
