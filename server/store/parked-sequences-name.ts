import type { Ordering } from "../domain/sequence.ts";
import type { Queryable } from "./database.ts";
import type { SequenceName } from "./parked-sequences-mend.ts";

const NAME = `CASE WHEN $2 = 'topic' THEN 'p' || hash % $3::bigint WHEN key IS NULL THEN 'o' || "offset" ELSE 'k' || key END`;

/**
 * Names the sequences of all parked events anew, by the rule of `domain/sequence.ts`: the order, or the number of
 * partitions, is another one now. The leases must be locked. Returns the sequences that got events, to be mended.
 */
export async function nameSequences(
  db: Queryable,
  of: { readonly consumerId: number; readonly ordering: Ordering; readonly partitions: number },
): Promise<SequenceName[]> {
  const { rows } = await db.query<{ topicId: number; sequence: string }>({
    name: "name_sequences",
    text: `
      WITH named AS (
        UPDATE parked_event SET sequence = ${NAME}
        WHERE consumer_id = $1 AND sequence <> ${NAME}
        RETURNING topic_id, sequence
      )
      SELECT DISTINCT topic_id AS "topicId", sequence FROM named`,
    values: [of.consumerId, of.ordering, of.partitions],
  });
  return rows;
}
